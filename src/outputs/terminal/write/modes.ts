// The modes of the terminal: set when the dashboard takes it, reset when it leaves. Leaving is safe at any moment, any number
// of times. Sources: xterm's ctlseqs (DECSET), DEC private mode 2026.

const set = (...modes: readonly number[]): string => modes.map(mode => `\u001b[?${mode}h`).join('')
const reset = (...modes: readonly number[]): string => modes.map(mode => `\u001b[?${mode}l`).join('')

const ALT_SCREEN = 1049
const CURSOR = 25
const AUTOWRAP = 7
const BRACKETED_PASTE = 2004
const SYNCHRONIZED = 2026
const MOUSE_BUTTONS = 1000
const MOUSE_SGR = 1006

export function enterScreen(altScreen: boolean): string {
  return (altScreen ? set(ALT_SCREEN) : '') + set(BRACKETED_PASTE) + reset(CURSOR, AUTOWRAP)
}

/** Ends a sequence that may have been cut, then resets everything; without an alternate screen the frame stays above. */
export function leaveScreen(altScreen: boolean, rows: number): string {
  const undo = `${reset(SYNCHRONIZED, MOUSE_BUTTONS, MOUSE_SGR, BRACKETED_PASTE)}\u001b[m${set(AUTOWRAP, CURSOR)}`
  return undo + (altScreen ? reset(ALT_SCREEN) : `\u001b[${rows};1H\r\n`)
}

/** Capture the mouse only while the wheel can scroll something: a captured mouse cannot select text. */
export function captureMouse(isOn: boolean): string {
  return isOn ? set(MOUSE_BUTTONS, MOUSE_SGR) : reset(MOUSE_BUTTONS, MOUSE_SGR)
}

/** Terminals that know this mode draw the output at once. */
export function synchronized(output: string): string {
  return set(SYNCHRONIZED) + output + reset(SYNCHRONIZED)
}
