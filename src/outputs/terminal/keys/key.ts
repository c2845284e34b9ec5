// Keys and turns of the mouse wheel.

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'pageup'
  | 'pagedown'
  | 'tab'
  | 'backtab'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'interrupt'
  | 'suspend'
  | 'redraw'
  | 'erase'

export type Key =
  | { readonly kind: 'named'; readonly name: KeyName }
  /** One code point; a combining character is a key of its own. */
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'wheel'; readonly direction: 'up' | 'down' }
