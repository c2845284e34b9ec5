// "Copy", and for two seconds "Copied".
import { useEffect, useState } from 'preact/hooks'
import { spoken } from '../state/chat.js'
import { copyText } from '../state/copy.js'

const SAID_MS = 2_000

export function CopyButton({ text, label }: { readonly text: () => string; readonly label?: string }) {
  const [result, setResult] = useState<'Copied' | 'Not copied' | null>(null)
  useEffect(() => {
    if (result === null) return
    spoken.value = result
    const timer = setTimeout(() => {
      setResult(null)
      spoken.value = ''
    }, SAID_MS)
    return () => clearTimeout(timer)
  }, [result])
  const copy = (): void => void copyText(text()).then(done => setResult(done ? 'Copied' : 'Not copied'))
  return (
    <button type="button" class="button ghost" aria-label={result ?? label} onClick={copy}>
      {result ?? 'Copy'}
    </button>
  )
}
