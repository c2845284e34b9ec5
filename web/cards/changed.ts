// Drawing only what changed, and highlighting it.
import { Component, type ComponentChild, type FunctionComponent } from 'preact'
import { useRef } from 'preact/hooks'

type Turn = 'a' | 'b' | undefined

/** A cell is highlighted at most this often. */
const EVERY_MS = 1_000

/**
 * The value of `data-changed`: undefined until the text changes. A CSS animation runs once when its name is set, so changes
 * alternate between the names `a` and `b`; no timer is needed. `wash.on` is read at each change: false where so much of the card
 * changed that nothing is noticed.
 */
export function useChanged(text: string, wash: { readonly on: boolean }): Turn {
  const last = useRef<{ text: string; turn: Turn; atMs: number }>({ text, turn: undefined, atMs: 0 })
  const { text: before, turn, atMs } = last.current
  if (before !== text) {
    const nowMs = performance.now()
    const isSoon = turn !== undefined && nowMs - atMs < EVERY_MS
    if (!wash.on) last.current = { text, turn: undefined, atMs }
    else if (isSoon) last.current = { text, turn, atMs }
    else last.current = { text, turn: turn === 'a' ? 'b' : 'a', atMs: nowMs }
  }
  return last.current.turn
}

/** A component that is drawn again only when a property changed, so that a changed cell draws one cell. */
export function memo<P extends object>(draw: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const now: Readonly<P> = this.props
      const names = Object.keys(next) as (keyof P)[]
      return names.length !== Object.keys(now).length || names.some(name => next[name] !== now[name])
    }
    override render() {
      return draw(this.props)
    }
  }
  return Memo as unknown as FunctionComponent<P>
}
