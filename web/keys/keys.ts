// Which key does what. Pure: an event's few facts in, the name of an action out.

export const KEYS = [
  ['?', 'help', 'Shows these keys'],
  ['p', 'pause', 'Pauses what is shown, or goes on'],
  ['j', 'next-card', 'To the next card'],
  ['k', 'previous-card', 'To the card before'],
  ['f', 'fold-card', 'Folds or opens the card'],
  ['s', 'pin-card', 'Pins the card, or lets it go'],
  ['[', 'move-card-earlier', 'Moves the card forward'],
  [']', 'move-card-later', 'Moves the card back'],
  ['c', 'copy-card', 'Copies the card as text'],
  ['/', 'filter-alerts', 'To the filter of the alerts'],
  ['a', 'acknowledge-alerts', 'Acknowledges all alerts'],
  ['t', 'theme', 'Dark, light, or as the system'],
  ['d', 'download', 'Downloads the board as JSON'],
  ['r', 'raw-stream', 'Opens the raw stream'],
] as const satisfies readonly (readonly [key: string, action: string, tells: string])[]

export type KeyAction = (typeof KEYS)[number][1]

/** What is looked at of a keyboard event. */
export type KeyPress = {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
  /** A key held down repeats. */
  readonly repeat: boolean
  /** Another listener has taken it, or a text is being composed. */
  readonly isTaken: boolean
  /** Where it was pressed: the element's name, in any case; whether its text can be edited. */
  readonly tag: string
  readonly isEditable: boolean
}

const TYPED_INTO: ReadonlySet<string> = new Set(['input', 'textarea', 'select'])
const STEPS: ReadonlySet<KeyAction> = new Set(['next-card', 'previous-card'])

/** Null for a key that means nothing here, is typed into something, or belongs to the browser. */
export function actionOf(press: KeyPress): KeyAction | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isTaken) return null
  if (press.isEditable || TYPED_INTO.has(press.tag.toLowerCase())) return null
  const action = KEYS.find(([key]) => key === press.key || key === press.key.toLowerCase())?.[1] ?? null
  return action !== null && press.repeat && !STEPS.has(action) ? null : action
}
