// The tint of what changed. Its animation runs once when it is named, so a change names it in turn `a` and `b`; no timer
// ends it.
import { useRef } from 'preact/hooks'

type Turn = 'a' | 'b' | undefined

/** For `data-changed`: undefined until the text is another than at first. */
export function useChanged(text: string): Turn {
  const last = useRef<{ text: string; turn: Turn }>({ text, turn: undefined })
  if (last.current.text !== text) last.current = { text, turn: last.current.turn === 'a' ? 'b' : 'a' }
  return last.current.turn
}
