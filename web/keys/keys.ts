// Maps a key press to the name of an action. Pure.

export const KEYS = [
  ['?', 'help', 'Shows these keys'],
  ['p', 'pause', 'Pauses or resumes the board'],
  ['j', 'next-card', 'To the next card'],
  ['k', 'previous-card', 'To the card before'],
  ['f', 'fold-card', 'Folds or opens the card'],
  ['s', 'pin-card', 'Pins or unpins the card'],
  ['[', 'move-card-earlier', 'Moves the card forward'],
  [']', 'move-card-later', 'Moves the card back'],
  ['c', 'copy-card', 'Copies the card as text'],
  ['/', 'filter-alerts', 'To the filter of the alerts'],
  ['a', 'acknowledge-alerts', 'Acknowledges all alerts'],
  ['t', 'theme', 'Dark, light, or as the system'],
  ['d', 'download', 'Downloads the board as JSON'],
  ['r', 'raw-stream', 'Opens the raw stream'],
] as const satisfies readonly (readonly [key: string, action: string, description: string])[]

export type KeyAction = (typeof KEYS)[number][1]

/** The facts of a keyboard event that matter. */
export type KeyPress = {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
  /** The key is held down. */
  readonly repeat: boolean
  /** Another listener has handled it, or a text is being composed. */
  readonly isTaken: boolean
  /** The name of the target element, in any case, and whether its text can be edited. */
  readonly tag: string
  readonly isEditable: boolean
}

const TYPED_INTO: ReadonlySet<string> = new Set(['input', 'textarea', 'select'])
const STEPS: ReadonlySet<KeyAction> = new Set(['next-card', 'previous-card'])

/** Null for a key without an action, that is typed into a field, or that belongs to the browser. */
export function actionOf(press: KeyPress): KeyAction | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isTaken) return null
  if (press.isEditable || TYPED_INTO.has(press.tag.toLowerCase())) return null
  const action = KEYS.find(([key]) => key === press.key || key === press.key.toLowerCase())?.[1] ?? null
  return action !== null && press.repeat && !STEPS.has(action) ? null : action
}
