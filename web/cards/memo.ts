// A component that is drawn again only when a property changed, so that a changed cell draws one cell.
import { Component, type ComponentChild, type FunctionComponent } from 'preact'

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
