// The tint of a changed text. A CSS animation runs once when its name is set, so changes alternate between the names `a` and `b`; no
// timer is needed.
import { useRef } from 'preact/hooks'

type Turn = 'a' | 'b' | undefined

/** The value of `data-changed`: undefined until the text changes. */
export function useChanged(text: string): Turn {
  const last = useRef<{ text: string; turn: Turn }>({ text, turn: undefined })
  if (last.current.text !== text) last.current = { text, turn: last.current.turn === 'a' ? 'b' : 'a' }
  return last.current.turn
}
