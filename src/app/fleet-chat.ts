// What the relay shares with the other servers of a fleet: answers, limits and the audit. Loaded only where G6_REDIS_URL is set.
import type { SharedTrail } from '../chat/audit/trail.js'
import { createFleetLimits } from '../chat/limits/fleet-limits.js'
import type { LocalLimits } from '../chat/limits/limits.js'
import type { LogStore } from '../chat/log/chat-log.js'
import type { ChatLimits, RelayKeys } from '../chat/ports.js'
import { instanceOf, shareAudit } from '../chat/shared/audit.js'
import { type Engine, SHARED_TIMES, type SharedTimes } from '../chat/shared/engine.js'
import { type ShareableKeys, shareKeys } from '../chat/shared/relay-keys.js'
import { SharedStore } from '../chat/shared/store.js'
import type { Clock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import type { Config } from '../config/settings.js'
import { randomId } from '../guards/ids.js'
import type { Log } from '../log/log.js'
import type { Metrics } from '../metrics/metrics.js'
import { parseRedisAddress } from '../redis/address.js'
import type { Fleet } from './parts.js'

export type SharingParts = {
  readonly fleet: Pick<Fleet, 'onEngine' | 'setFull' | 'setUnopened' | 'seal'>
  readonly config: () => Config
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  readonly times?: SharedTimes
}

export type ChatSharing = {
  /** The relay is in use. Idempotent. */
  start(): void
  readonly store: LogStore
  /** Host and port; null: not known yet. */
  readonly instance: string | null
  /** Returns the function that ends it, before the trail closes. */
  audit(trail: SharedTrail): () => void
  limits(local: LocalLimits, keys: RelayKeys & ShareableKeys): ChatLimits & { close(): void }
}

const UNOPENED =
  'answers of the fleet are not encrypted with a key that this server has, so they cannot be resumed here: ' +
  'G6_FLEET_KEY_FILE must name the same keys at all servers'

export function shareChat(parts: SharingParts): ChatSharing {
  const { fleet, config, metrics, log, clock, times = SHARED_TIMES } = parts
  const { redisUrl, fleet: name } = config()
  const address = parseRedisAddress(redisUrl ?? '')
  if (!address.ok) throw new Error(`G6_REDIS_URL: ${address.error}`)
  let engine: Engine | null = null
  /** One line for each fault, not for each time that it happens. */
  const reported = new Map<string, string>()
  const onFault = (what: string, error: unknown): void => {
    if (reported.get(what) === String(error)) return
    reported.set(what, String(error))
    log.warn({ what, err: error }, 'answers cannot be shared as they should be')
  }
  const store = new SharedStore({
    fleet: name,
    db: address.address.db,
    isCluster: address.address.kind === 'cluster',
    seal: fleet.seal,
    times,
    logBytes: () => config().chatLogBytes,
    ttl: () => {
      const { chatMaxDurationMs, chatResumeTtlMs } = config()
      return { liveMs: chatMaxDurationMs + chatResumeTtlMs, endedMs: chatResumeTtlMs }
    },
    newFence: () => randomId(12, 'base64url'),
    clock,
    observer: {
      onPut: seconds => metrics.g6_chat_shared_put_seconds.observe(seconds),
      onUnshared: why => metrics.g6_fleet_unshared_total.inc({ why }),
      onBuried: () => metrics.g6_chat_buried_total.inc(),
      onReadable: isReadable => {
        fleet.setUnopened(!isReadable)
        if (isReadable) log.info('answers of the fleet can be read again')
        else log.error(UNOPENED)
      },
      onFull: isFull => {
        fleet.setFull(isFull)
        if (isFull) log.warn('the memory of Redis is nearly full: answers are not shared until there is room')
        else log.info('Redis has room again: answers are shared')
      },
      onFault,
    },
  })
  metrics.onScrape(() => metrics.g6_chat_shared_lag_events.set(store.lag))
  let isInUse = false
  let hasJoined = false
  const join = (): void => {
    if (engine === null || !isInUse || hasJoined) return
    hasJoined = true
    store.join(engine)
  }
  fleet.onEngine(joined => {
    engine = joined
    join()
  })
  return {
    start: () => {
      isInUse = true
      join()
    },
    store,
    get instance() {
      return engine === null ? null : instanceOf(engine.node)
    },
    audit: trail =>
      shareAudit({
        engine: () => engine,
        trail,
        monotonicMs: clock.monotonicMs,
        timers: systemTimers,
        log,
        onFault,
      }),
    limits: (local, keys) => {
      const endKeys = shareKeys({
        engine: () => engine,
        seal: fleet.seal,
        keys,
        timers: systemTimers,
        onFault,
      })
      const limits = createFleetLimits({
        local,
        keys,
        settings: config,
        engine: () => engine,
        clock,
        timers: systemTimers,
        onLocal: () => metrics.g6_chat_limits_local_total.inc(),
        onFault,
      })
      const { close } = limits
      return Object.assign(limits, {
        close: () => {
          endKeys()
          close()
        },
      })
    },
  }
}
