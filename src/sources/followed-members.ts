// How many members of its document a followed automatic board shows: the stream does not carry it, so the server's health is asked,
// for a new set of panels and at most once a minute after that.
import { bodyText } from '../../client/body.js'
import type { MemberCounts } from '../automatic/board.js'

const EVERY_MS = 60_000
const TIMEOUT_MS = 10_000
const MAX_BYTES = 2 ** 20

export type Ask = (signal: AbortSignal) => Promise<Response>

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Null where the board is another one, and for a server of an earlier version. */
function countsIn(text: string): MemberCounts | null {
  const { shown, hidden } = Object(Object(JSON.parse(text)).automatic) as Readonly<Record<string, unknown>>
  return isCount(shown) && isCount(hidden) ? { shown, hidden } : null
}

export class FollowedMembers {
  readonly #ask: Ask
  readonly #life = new AbortController()
  #counts: MemberCounts | null = null
  #of = ''
  #askedMs = Number.NEGATIVE_INFINITY
  #isAsking = false

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** Null until it is known. */
  get counts(): MemberCounts | null {
    return this.#counts
  }

  /** There is a board; `of` names its run and its panels. Asks in the background; without an answer nothing is known. */
  see(of: string, nowMs: number): void {
    if (this.#isAsking || (of === this.#of && nowMs - this.#askedMs < EVERY_MS)) return
    this.#of = of
    this.#askedMs = nowMs
    this.#isAsking = true
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(TIMEOUT_MS)])
    this.#ask(signal)
      .then(async answer => (answer.ok ? countsIn(await bodyText(answer, MAX_BYTES, signal)) : null))
      // The board itself says that a server is lost; this is one line of the page.
      .catch(() => null)
      .then(counts => {
        this.#counts = counts
        this.#isAsking = false
      })
  }

  close(): void {
    this.#life.abort()
  }
}
