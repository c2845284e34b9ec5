// What the stream of a followed server does not carry, and its health does: how many members of its document an automatic board shows,
// and how a board file wants the board to look. Asked for a new set of panels and at most once a minute after that.
import { bodyText } from '../../client/body.js'
import type { MemberCounts } from '../automatic/drafts.js'
import type { BoardLooks } from '../declared/board.js'
import { MAX_SPAN } from '../declared/file.js'
import { isPanelKey } from '../panels/content.js'
import { shownText } from '../panels/text.js'
import { emptyRecord } from '../snapshot/value.js'

const EVERY_MS = 60_000
const TIMEOUT_MS = 10_000
const MAX_BYTES = 2 ** 20
/** More panels than a board has. */
const MAX_SPANS = 256

export type Ask = (signal: AbortSignal) => Promise<Response>

type Members = Readonly<Record<string, unknown>>

/** Each is null where the server says nothing of it, as servers of earlier versions do. */
type Known = { readonly members: MemberCounts | null; readonly looks: BoardLooks | null }

const NOTHING: Known = { members: null, looks: null }

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isSpan = (value: unknown): value is number => isCount(value) && value > 0 && value <= MAX_SPAN

function countsIn({ shown, hidden }: Members): MemberCounts | null {
  return isCount(shown) && isCount(hidden) ? { shown, hidden } : null
}

function looksIn({ title, spans: given }: Members): BoardLooks | null {
  const spans = emptyRecord<number>()
  for (const [key, span] of Object.entries(Object(given)).slice(0, MAX_SPANS))
    if (isPanelKey(key) && isSpan(span)) spans[key] = span
  const shown = typeof title === 'string' ? shownText(title) : ''
  return shown === '' && Object.keys(spans).length === 0 ? null : { title: shown || null, spans }
}

function knownIn(text: string): Known {
  const { automatic, display } = Object(JSON.parse(text)) as Members
  return { members: countsIn(Object(automatic)), looks: looksIn(Object(display)) }
}

export class FollowedHealth {
  readonly #ask: Ask
  readonly #life = new AbortController()
  #known = NOTHING
  #of = ''
  #askedMs = Number.NEGATIVE_INFINITY
  #isAsking = false

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** Null until it is known, and where the board is no automatic one. */
  get members(): MemberCounts | null {
    return this.#known.members
  }

  /** Null until it is known, and where no board file says anything. */
  get looks(): BoardLooks | null {
    return this.#known.looks
  }

  /** There is a board; `of` names its run and its panels. Asks in the background; without an answer nothing is known. */
  see(of: string, nowMs: number): void {
    if (this.#isAsking || (of === this.#of && nowMs - this.#askedMs < EVERY_MS)) return
    this.#of = of
    this.#askedMs = nowMs
    this.#isAsking = true
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(TIMEOUT_MS)])
    this.#ask(signal)
      .then(async answer => (answer.ok ? knownIn(await bodyText(answer, MAX_BYTES, signal)) : NOTHING))
      // The board itself says that a server is lost; this is only how its page looks.
      .catch(() => NOTHING)
      .then(known => {
        this.#known = known
        this.#isAsking = false
      })
  }

  close(): void {
    this.#life.abort()
  }
}
