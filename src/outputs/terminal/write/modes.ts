// Taking over a terminal and giving it back. What is switched on here is switched off here; leaving is safe at any moment,
// any number of times. Sources: xterm's ctlseqs (DECSET), DEC private mode 2026.

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

/** Ends a sequence that may have been cut, then undoes everything; without an alternate screen the frame stays above. */
export function leaveScreen(altScreen: boolean, rows: number): string {
  const undo = `${reset(SYNCHRONIZED, MOUSE_BUTTONS, MOUSE_SGR, BRACKETED_PASTE)}\u001b[m${set(AUTOWRAP, CURSOR)}`
  return undo + (altScreen ? reset(ALT_SCREEN) : `\u001b[${rows};1H\r\n`)
}

/** The wheel is only asked for while it has something to scroll: a captured mouse cannot select text. */
export function wantMouse(wanted: boolean): string {
  return wanted ? set(MOUSE_BUTTONS, MOUSE_SGR) : reset(MOUSE_BUTTONS, MOUSE_SGR)
}

/** Drawn at once by terminals that know it, and as it comes by the others. */
export function synchronized(output: string): string {
  return set(SYNCHRONIZED) + output + reset(SYNCHRONIZED)
}
