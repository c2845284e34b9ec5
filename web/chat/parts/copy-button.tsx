// "Copy", and for two seconds "Copied".
import { useEffect, useState } from 'preact/hooks'
import { copyText } from '../state/copy.js'

const SAID_MS = 2_000

export function CopyButton({ text, label }: { readonly text: () => string; readonly label?: string }) {
  const [said, setSaid] = useState<'Copied' | 'Not copied' | null>(null)
  useEffect(() => {
    if (said === null) return
    const timer = setTimeout(() => setSaid(null), SAID_MS)
    return () => clearTimeout(timer)
  }, [said])
  const copy = (): void => void copyText(text()).then(done => setSaid(done ? 'Copied' : 'Not copied'))
  return (
    <button type="button" class="button ghost" aria-label={said ?? label} onClick={copy}>
      {said ?? 'Copy'}
    </button>
  )
}
