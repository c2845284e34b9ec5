// What the relay must know of a wire that it passes on: where an answer ends, whether it failed, what was counted, and whether an
// event says something. Nothing else is read, and nothing is changed.
import { parsedObject, tokenCounts } from '../../upstream/values.js'
import { NOTHING, type Seen } from './seen.js'

export { DONE, FAILED, NOTHING, type Seen } from './seen.js'

/** Reads the events of one body. */
export interface Wire {
  look(event: Buffer): Seen
  /** The upstream has said why it ends, and nothing of the answer came after that. */
  readonly hasReason: boolean
  /** What the end of the body is, after what came so far; null: a cut. */
  readonly end: Seen | null
}

/** One character a byte: several times as fast as UTF-8, and all that is looked for is ASCII. */
export function textOf(event: Buffer): string {
  return event.toString('latin1')
}

const DATA_LINE = /^data(?:: ?(.*))?$/gm

/** The data of an event, whatever its line ends. */
export function dataOf(text: string): string {
  return [...text.matchAll(DATA_LINE)].map(([, value = '']) => value).join('\n')
}

/** Null: the event has no name. */
export function nameOf(text: string): string | null {
  return text.includes('event') ? (/^event: ?(.*)$/m.exec(text)?.[1] ?? null) : null
}

export function objectOf(text: string) {
  return parsedObject(dataOf(text))
}

export const DONE_MARK = /^data: ?\[DONE\]\s*$/m

/** Many upstreams write a space behind a colon. */
const USAGE = /"usage"\s*:\s*\{/

export function hasUsage(text: string): boolean {
  return text.includes('"usage"') && USAGE.test(text)
}

/** `opening` matches up to the quote that begins a text. */
export function word(text: string, opening: RegExp): Seen {
  return wordBehind(text, opening.exec(text))
}

export function wordBehind(text: string, match: RegExpExecArray | null): Seen {
  if (match === null) return NOTHING
  const from = match.index + match[0].length
  let to = text.indexOf('"', from)
  while (to !== -1 && text[to - 1] === '\\' && isEscaped(text, to)) to = text.indexOf('"', to + 1)
  const wordBytes = to - from
  return wordBytes > 0 ? { ...NOTHING, wordBytes } : NOTHING
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

export { tokenCounts }
