// Drawing only what changed, and tinting it.
import { Component, type ComponentChild, type FunctionComponent } from 'preact'
import { useRef } from 'preact/hooks'

type Turn = 'a' | 'b' | undefined

/**
 * The value of `data-changed`: undefined until the text changes. A CSS animation runs once when its name is set, so changes
 * alternate between the names `a` and `b`; no timer is needed.
 */
export function useChanged(text: string): Turn {
  const last = useRef<{ text: string; turn: Turn }>({ text, turn: undefined })
  if (last.current.text !== text) last.current = { text, turn: last.current.turn === 'a' ? 'b' : 'a' }
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
