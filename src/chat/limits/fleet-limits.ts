// The limits of one caller over all servers of a fleet. Redis decides within 150 ms; while it does not, each server allows its share
// of the limit, from counters that also count in good times.
import type { Clock } from '../../clock/clock.js'
import type { Timers } from '../../clock/timers.js'
import type { Config } from '../../config/settings.js'
import { randomId } from '../../guards/ids.js'
import { EngineError } from '../../redis/connection.js'
import type { Lane } from '../../redis/lane.js'
import type { Run } from '../../redis/link.js'
import { dateOf, dayOf } from '../keys/token-uses.js'
import type { Caller, ChatLimits, Lease, LeaseVerdict, RelayKey, RelayKeys, StartVerdict } from '../ports.js'
import type { Engine } from '../shared/engine.js'
import { bucketOf, sha256 } from '../shared/keys.js'
import { budgetOf, type LimitSettings, type LocalLimits, startVerdict, withBudget } from './limits.js'
import { leavePlace, readTokens, spendTokens, startOnce, takePlace } from './shared-limits.js'

export type LimitEngine = Pick<Engine, 'fleet' | 'isGone' | 'nodes'> & {
  readonly link: { readonly run: Run; readonly commands: Pick<Lane, 'send'> }
}

export type FleetLimitParts = {
  readonly local: LocalLimits
  readonly keys: Pick<RelayKeys, 'used'>
  readonly settings: () => LimitSettings & Pick<Config, 'redisRequired'>
  /** Null: this server is not in its fleet yet. */
  readonly engine: () => LimitEngine | null
  readonly clock: Clock
  readonly timers: Timers
  readonly times?: PlaceTimes
  /** Redis did not decide. */
  readonly onLocal?: () => void
  readonly onFault?: (what: string, error: unknown) => void
}

export type PlaceTimes = { readonly leaseMs: number; readonly renewMs: number }

/** A dead server's places are free after this. */
export const PLACE_TIMES: PlaceTimes = { leaseMs: 30_000, renewMs: 10_000 }
/** A counter of tokens outlives its day, for servers whose clock is behind. */
const TOKENS_KEPT_MS = 48 * 3_600_000
/** After Redis was late, questions do not wait for it for so long: one that hangs delays one question a second, until it counts as gone. */
const REST_MS = 1_000
const ANY_NUMBER = Number.MAX_SAFE_INTEGER

type Asking = Pick<Caller, 'key' | 'relayKey'>
type Kind = 'starts' | 'places' | 'tokens'

/** One key a script: a cluster may spread callers. Only digests of callers are kept. */
export function limitKey(fleet: string, kind: Kind, name: string): string {
  const digest = sha256(`${kind}\n${name}`)
  return `g6:{l${bucketOf(digest)}}:${fleet}:${kind}:${digest}`
}

export interface FleetLimits extends ChatLimits {
  close(): void
}

export function createFleetLimits(parts: FleetLimitParts): FleetLimits {
  const { local, keys, settings, clock, timers, times = PLACE_TIMES } = parts
  /** Places of answers that run here, by their id. */
  const places = new Map<string, string>()
  let cancelRenewal: (() => void) | null = null
  let askAgainAtMs = 0

  /** `gone`: Redis did not decide. */
  async function decided<T>(run: (engine: LimitEngine) => Promise<T>): Promise<T | 'gone'> {
    const engine = parts.engine()
    if (engine !== null && !engine.isGone && clock.monotonicMs() >= askAgainAtMs) {
      try {
        return await run(engine)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        askAgainAtMs = clock.monotonicMs() + REST_MS
        if (error.fault === 'refused') parts.onFault?.('limits', error)
      }
    }
    parts.onLocal?.()
    return 'gone'
  }

  /** For what needs no answer: that Redis is away or late is expected, any other failure is a fault. */
  const unlessAway =
    (what: string) =>
    (error: unknown): void => {
      if (!(error instanceof EngineError) || error.fault === 'refused') parts.onFault?.(what, error)
    }

  const nodes = (): number => parts.engine()?.nodes ?? 1

  async function start(caller: Asking): Promise<StartVerdict> {
    const { relayKey } = caller
    const rate = relayKey?.limit ?? settings().chatRate
    const verdict = await decided(async ({ link, fleet }) => {
      const budget = relayKey === null ? null : await sharedBudget(link, fleet, relayKey)
      return withBudget(budget, async () => {
        if (rate.count === 0) return { ok: true, headers: {} }
        const limit = { count: rate.count, windowMs: rate.windowSec * 1000 }
        const key = limitKey(fleet, 'starts', caller.key)
        const { ok, used, waitMs } = await startOnce(link.run, key, limit, randomId(12, 'base64url'))
        if (ok) local.countHere(caller)
        return startVerdict(rate, { used, freeInMs: waitMs, waitMs: ok ? 0 : waitMs }, clock.nowMs())
      })
    })
    if (verdict !== 'gone') return verdict
    if (!settings().redisRequired) return local.start(caller, nodes())
    return { ok: false, code: 'engine_gone', retryAfterSec: 1, headers: {} }
  }

  async function sharedBudget(link: LimitEngine['link'], fleet: string, key: RelayKey) {
    if (key.tokensPerDay === null) return null
    const here = keys.used(key)
    const shared = await readTokens(link.commands, tokensKey(fleet, key))
    return budgetOf(key, { ...here, tokens: Math.max(here.tokens, shared) })
  }

  const tokensKey = (fleet: string, { id }: RelayKey): string =>
    limitKey(fleet, 'tokens', `${id} ${dateOf(dayOf(clock.nowMs()))}`)

  async function lease(caller: Asking | null): Promise<LeaseVerdict> {
    // The limits of the instance protect the instance.
    const here = local.lease(caller)
    if (typeof here === 'string' || caller === null) return here
    const most = caller.relayKey?.live ?? settings().chatMaxStreamsPerUser
    const id = randomId(12, 'base64url')
    const taken = await decided(async ({ link, fleet }) => {
      const key = limitKey(fleet, 'places', caller.key)
      return (await takePlace(link.run, key, id, most, times.leaseMs)) ? key : 'full'
    })
    if (taken !== 'gone' && taken !== 'full') return placed(here, id, taken)
    here.release()
    if (taken === 'full') return 'user'
    return settings().redisRequired ? 'gone' : local.lease(caller, nodes())
  }

  function placed(here: Lease, id: string, key: string): Lease {
    places.set(id, key)
    cancelRenewal ??= timers.after(times.renewMs, renew)
    return {
      release: () => {
        here.release()
        if (!places.delete(id)) return
        const engine = parts.engine()
        // Without it the place is free when its lease ends.
        if (engine !== null) leavePlace(engine.link.run, key, id).catch(unlessAway('leave'))
      },
    }
  }

  function renew(): void {
    cancelRenewal = places.size === 0 ? null : timers.after(times.renewMs, renew)
    const engine = parts.engine()
    if (engine === null || engine.isGone) return
    for (const [id, key] of places)
      takePlace(engine.link.run, key, id, ANY_NUMBER, times.leaseMs).catch(unlessAway('renew'))
  }

  return {
    start,
    lease,
    spent: (relayKey, tokens) => {
      local.spent(relayKey, tokens)
      const engine = parts.engine()
      const sum = tokens.in + tokens.out
      if (relayKey === null || relayKey.tokensPerDay === null || engine === null || sum <= 0) return
      // What Redis misses while it is away is in the database of keys of this server, and counts here only.
      spendTokens(engine.link.run, tokensKey(engine.fleet, relayKey), sum, TOKENS_KEPT_MS).catch(
        unlessAway('spend'),
      )
    },
    get hasKeys() {
      return local.hasKeys
    },
    bypasses: apiKey => local.bypasses(apiKey),
    close: () => {
      cancelRenewal?.()
      places.clear()
    },
  }
}
