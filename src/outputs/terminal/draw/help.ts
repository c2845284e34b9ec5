// The help: every key, in words.
import { blank, type Line, run } from './run.js'

const KEYS: readonly (readonly [string, string])[] = [
  ['q, ctrl+c', 'quit'],
  ['p, space', 'pause: the screen stays, the loop goes on'],
  ['tab, arrows', 'focus a panel; also h j k l'],
  ['enter', 'the focused panel full screen, and back'],
  ['up, down', 'scroll the panel that is full screen'],
  ['page up/down', 'scroll the focused panel; also the wheel'],
  ['home, end', 'its first and last lines; also g G'],
  ['/', 'only lines with a text; esc clears it'],
  ['r', 'read the status now'],
  ['w', "write the screen's text to a file"],
  ['t', 'dark or light theme'],
  ['ctrl+l', 'draw everything again'],
  ['ctrl+z', 'suspend; fg comes back'],
  ['?', 'this help; ?, esc or q closes it'],
]

const KEY_COLUMNS = 14

export function helpLines(): readonly Line[] {
  return KEYS.map(([keys, what]) => [run(keys, 'key'), blank(KEY_COLUMNS - keys.length), run(what)])
}
