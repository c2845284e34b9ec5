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
  noKeys,
  type RelayKey,
  type RelayKeys,
  type StartVerdict,
} from '../ports.js'

export type LimitSettings = Pick<
  Config,
  'chatRate' | 'chatMaxStreams' | 'chatMaxStreamsPerUser' | 'apiKeysInternal'
>

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

export function createChatLimits({
  settings,
  keys: relayKeys = noKeys,
  clock = systemClock,
}: LimitParts): ChatLimits {
  const starts = new SlidingWindow(MAX_CALLERS)
  const slots = new Slots()
  let keys: { readonly from: readonly string[]; readonly sets: readonly TokenSet[] } = { from: [], sets: [] }

  async function start({ key, relayKey }: Pick<Caller, 'key' | 'relayKey'>): Promise<StartVerdict> {
    const budget = relayKey === null ? null : budgetOf(relayKey)
    if (budget !== null && budget.left === 0) {
      const headers = joined(budget.headers, { 'Retry-After': String(budget.resetSec) })
      return { ok: false, code: 'tokens_spent', retryAfterSec: budget.resetSec, headers }
    }
    const verdict = countStart(key, relayKey?.limit ?? settings().chatRate)
    return budget === null ? verdict : { ...verdict, headers: joined(verdict.headers, budget.headers) }
  }

  function countStart(key: string, { count, windowSec }: Rate): StartVerdict {
    if (count === 0) return { ok: true, headers: {} }
    const limit = { count, windowMs: windowSec * 1000 }
    const nowMs = clock.monotonicMs()
    // A refused start is not counted, so a caller who waits for Retry-After is admitted.
    const waitMs = starts.take(key, limit, nowMs)
    const { used, freeInMs } = starts.usage(key, limit, nowMs)
    const left = Math.max(0, count - used)
    // draft-ietf-httpapi-ratelimit-headers: `q` starts in `w` seconds; `r` are left, one more in `t` seconds.
    // X-RateLimit-*: the same for clients of the original; its reset is a time (epoch seconds).
    const headers: Headers = {
      'RateLimit-Policy': `"starts";q=${count};w=${windowSec}`,
      RateLimit: `"starts";r=${left};t=${seconds(freeInMs)}`,
      'X-RateLimit-Limit': String(count),
      'X-RateLimit-Remaining': String(left),
      'X-RateLimit-Reset': String(seconds(clock.nowMs() + freeInMs)),
    }
    if (waitMs === 0) return { ok: true, headers }
    const retryAfterSec = seconds(waitMs)
    const code = 'rate_limited'
    return { ok: false, code, retryAfterSec, headers: { ...headers, 'Retry-After': String(retryAfterSec) } }
  }

  /** Null: the key has no budget. An answer that runs when the budget ends is finished, so more than it may be used. */
  function budgetOf(key: RelayKey) {
    if (key.tokensPerDay === null) return null
    const { tokens, untilResetMs } = relayKeys.used(key)
    const left = Math.max(0, key.tokensPerDay - tokens)
    const resetSec = Math.max(1, seconds(untilResetMs))
    const headers: Headers = {
      'RateLimit-Policy': `"tokens";q=${key.tokensPerDay};w=${DAY_SEC}`,
      RateLimit: `"tokens";r=${left};t=${resetSec}`,
    }
    return { left, resetSec, headers }
  }

  return {
    start,
    lease: caller => {
      const { chatMaxStreams, chatMaxStreamsPerUser } = settings()
      const perKey = caller === null ? NO_LIMIT : (caller.relayKey?.live ?? chatMaxStreamsPerUser)
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
