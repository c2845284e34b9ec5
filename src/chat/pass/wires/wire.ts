// What the relay must know of a wire that it passes on: where an answer ends, whether it failed, what was counted, and whether an
// event says something. Nothing else is read, and nothing is changed.
import { parsedObject, tokenCounts } from '../../upstream/values.js'
import { NOTHING, type Seen } from './seen.js'

export { DONE, FAILED, NOTHING, type Seen } from './seen.js'

/** Reads the events of one body. */
export interface Wire {
  look(event: Buffer): Seen
  /** The upstream has given the reason of its end, and nothing of the answer came after that. */
  readonly hasReason: boolean
  /** What the end of the body is, after what came so far; null: a cut. */
  readonly end: Seen | null
}

/** An event that says so much, and nothing else. The hot path, so every member is named: copying an object costs more. */
export function seenWords(wordBytes: number): Seen {
  return wordBytes === 0 ? NOTHING : { ends: null, reason: null, wordBytes, usage: null, answerId: null }
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

const E = 101
/** Longer than the names of events and their field. */
const NAME_LINE_BYTES = 128

/** As `nameOf`: most events begin with their name, so for these the rest is not made a text. */
export function nameIn(event: Buffer): string | null {
  return nameOf(event[0] === E ? event.toString('latin1', 0, NAME_LINE_BYTES) : textOf(event))
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

export { tokenCounts }
