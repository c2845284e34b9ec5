// Limits of one caller: starts in a sliding window, live streams, and the tokens of its key. In the memory of this process.
//
// The window (guards/sliding-window.ts) remembers the times of the last N starts, so that "at most N in any W seconds" holds
// and Retry-After is exact. The usual libraries count per fixed window, which allows twice N around its edge.
import { type Clock, systemClock } from '../../clock/clock.js'
import type { Rate } from '../../config/kinds/numbers.js'
import type { Config } from '../../config/settings.js'
import { SlidingWindow } from '../../guards/sliding-window.js'
import { Slots } from '../../guards/slots.js'
import { type TokenSet, tokenSet } from '../../guards/token.js'
import {
  type Caller,
  type ChatLimits,
  type Headers,
  type LeaseVerdict,
  noKeys,
  type RelayKey,
  type RelayKeys,
  type StartVerdict,
  type Used,
} from '../ports.js'

export type LimitSettings = Pick<
  Config,
  'chatRate' | 'chatMaxStreams' | 'chatMaxStreamsPerUser' | 'apiKeysInternal'
>

/** The limits as they are in one process. `nodes`: how many share each limit; one unless given. */
export interface LocalLimits extends ChatLimits {
  start(caller: Pick<Caller, 'key' | 'relayKey'>, nodes?: number): Promise<StartVerdict>
  lease(caller: Pick<Caller, 'key' | 'relayKey'> | null, nodes?: number): LeaseVerdict
  /** A start that others have accepted. */
  countHere(caller: Pick<Caller, 'key' | 'relayKey'>): void
}

/** How much of a limit one of `nodes` nodes allows by itself: all together at most the limit and `nodes` - 1. */
export function shareOf(limit: number, nodes: number): number {
  return limit <= 0 ? 0 : Math.ceil(limit / Math.max(1, nodes))
}

export type LimitParts = {
  /** The settings in force; another object after a reload. */
  readonly settings: () => LimitSettings
  readonly keys?: RelayKeys
  readonly clock?: Clock
}

/** Callers remembered at once. */
const MAX_CALLERS = 100_000
/** The key that counts the streams of internal callers; no other caller's key is empty. */
const BYPASSING = ''
const NO_LIMIT = 0

const DAY_SEC = 86_400

/** Headers that are lists hold the items of both. */
function joined(first: Headers, second: Headers): Headers {
  const lists = Object.keys(second).filter(name => first[name] !== undefined)
  return {
    ...first,
    ...second,
    ...Object.fromEntries(lists.map(name => [name, `${first[name]}, ${second[name]}`])),
  }
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

export type Budget = { readonly left: number; readonly resetSec: number; readonly headers: Headers }

/** Null: the key has no budget. An answer that runs when the budget ends is finished, so more than it may be used. */
export function budgetOf(key: RelayKey, { tokens, untilResetMs }: Used, nodes = 1): Budget | null {
  if (key.tokensPerDay === null) return null
  const left = Math.max(0, shareOf(key.tokensPerDay, nodes) - tokens)
  const resetSec = Math.max(1, seconds(untilResetMs))
  const headers: Headers = {
    'RateLimit-Policy': `"tokens";q=${key.tokensPerDay};w=${DAY_SEC}`,
    RateLimit: `"tokens";r=${left};t=${resetSec}`,
  }
  return { left, resetSec, headers }
}

/** A start that is refused for its budget is not counted. */
export async function withBudget(
  budget: Budget | null,
  count: () => Promise<StartVerdict>,
): Promise<StartVerdict> {
  if (budget !== null && budget.left === 0) {
    const headers = joined(budget.headers, { 'Retry-After': String(budget.resetSec) })
    return { ok: false, code: 'tokens_spent', retryAfterSec: budget.resetSec, headers }
  }
  const verdict = await count()
  return budget === null ? verdict : { ...verdict, headers: joined(verdict.headers, budget.headers) }
}

/** `waitMs` 0: accepted. `freeInMs`: until the oldest start leaves the window. */
export function startVerdict(
  { count, windowSec }: Rate,
  { used, freeInMs, waitMs }: { readonly used: number; readonly freeInMs: number; readonly waitMs: number },
  nowMs: number,
): StartVerdict {
  const left = Math.max(0, count - used)
  // draft-ietf-httpapi-ratelimit-headers: `q` starts in `w` seconds; `r` are left, one more in `t` seconds.
  // X-RateLimit-*: the same for clients of the original; its reset is a time (epoch seconds).
  const headers: Headers = {
    'RateLimit-Policy': `"starts";q=${count};w=${windowSec}`,
    RateLimit: `"starts";r=${left};t=${seconds(freeInMs)}`,
    'X-RateLimit-Limit': String(count),
    'X-RateLimit-Remaining': String(left),
    'X-RateLimit-Reset': String(seconds(nowMs + freeInMs)),
  }
  if (waitMs === 0) return { ok: true, headers }
  const retryAfterSec = seconds(waitMs)
  const code = 'rate_limited'
  return { ok: false, code, retryAfterSec, headers: { ...headers, 'Retry-After': String(retryAfterSec) } }
}

export function createChatLimits({
  settings,
  keys: relayKeys = noKeys,
  clock = systemClock,
}: LimitParts): LocalLimits {
  const starts = new SlidingWindow(MAX_CALLERS)
  const slots = new Slots()
  let keys: { readonly from: readonly string[]; readonly sets: readonly TokenSet[] } = { from: [], sets: [] }

  const rateOf = ({ relayKey }: Pick<Caller, 'relayKey'>): Rate => relayKey?.limit ?? settings().chatRate

  async function start(caller: Pick<Caller, 'key' | 'relayKey'>, nodes = 1): Promise<StartVerdict> {
    const { relayKey } = caller
    const budget = relayKey === null ? null : budgetOf(relayKey, relayKeys.used(relayKey), nodes)
    return withBudget(budget, async () => countStart(caller.key, rateOf(caller), nodes))
  }

  function countStart(key: string, rate: Rate, nodes: number): StartVerdict {
    const count = shareOf(rate.count, nodes)
    if (count === 0) return { ok: true, headers: {} }
    const limit = { count, windowMs: rate.windowSec * 1000 }
    const nowMs = clock.monotonicMs()
    // A refused start is not counted, so a caller who waits for Retry-After is admitted.
    const waitMs = starts.take(key, limit, nowMs)
    const { used, freeInMs } = starts.usage(key, limit, nowMs)
    return startVerdict({ ...rate, count }, { used, freeInMs, waitMs }, clock.nowMs())
  }

  return {
    start,
    countHere: caller => {
      const { count, windowSec } = rateOf(caller)
      if (count > 0) starts.add(caller.key, { count, windowMs: windowSec * 1000 }, clock.monotonicMs())
    },
    lease: (caller, nodes = 1) => {
      const { chatMaxStreams, chatMaxStreamsPerUser } = settings()
      const ofCaller = caller === null ? NO_LIMIT : (caller.relayKey?.live ?? chatMaxStreamsPerUser)
      const perKey = shareOf(ofCaller, nodes)
      const slot = slots.take(caller?.key ?? BYPASSING, { inAll: chatMaxStreams, perKey })
      if (slot === 'all') return 'instance'
      return slot === 'key' ? 'user' : slot
    },
    spent: (relayKey, tokens) => {
      if (relayKey !== null) relayKeys.spent(relayKey, tokens)
    },
    get hasKeys() {
      return settings().apiKeysInternal.length > 0
    },
    bypasses: apiKey => {
      const { apiKeysInternal } = settings()
      if (keys.from !== apiKeysInternal) {
        keys = { from: apiKeysInternal, sets: apiKeysInternal.map(key => tokenSet(key, null)) }
      }
      // Compares every key, so that the time does not depend on which one matches.
      return keys.sets.map(set => set.ownerOf(apiKey) !== null).includes(true)
    },
  }
}
