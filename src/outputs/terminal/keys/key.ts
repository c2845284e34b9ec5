// What a person does at the keyboard and with the wheel, apart from the bytes it arrives as.

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
  /** One character as typed (one code point; what combines comes one after the other). */
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'wheel'; readonly direction: 'up' | 'down' }
