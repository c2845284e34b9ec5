// Makes the chat relay: identity, limits, rollout and audit around the relay and its routes. The audit trail opens when the relay is
// first in use, so that a server without the relay creates no database.

import { lateTrail, startAuditTrail } from '../chat/audit/trail.js'
import { missingKeyText, relayInUse } from '../chat/chat-config.js'
import { createIdentity } from '../chat/identity.js'
import { LiveKeys } from '../chat/keys/live.js'
import { createChatLimits } from '../chat/limits/limits.js'
import { createRollout } from '../chat/limits/rollout.js'
import { MemoryStore } from '../chat/log/memory-store.js'
import { type ChatLimits, noAudit } from '../chat/ports.js'
import { Relay } from '../chat/relay.js'
import { chatPlugin } from '../chat/routes.js'
import { createUndiciEdge, type UpstreamEdge } from '../chat/upstream/edge.js'
import type { Clock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import type { Config } from '../config/settings.js'
import type { Connections } from '../connection/connections.js'
import type { HttpPlugin } from '../contract/plugin.js'
import { type ChatPageFacts, chatPagePlugin } from '../http/routes/chat-page.js'
import type { Log } from '../log/log.js'
import type { Metrics } from '../metrics/metrics.js'
import { chatObserver } from './chat-metrics.js'
import type { ChatSharing } from './fleet-chat.js'

/** Kept of the time of a stop for readers to take the end of their answers. */
const READERS_MS = 500

export type ChatParts = {
  readonly config: () => Config
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  readonly connections: Connections
  /** What it shares with the other servers of a fleet; absent or null: nothing. */
  readonly sharing?: ChatSharing | null
  /** In place of the network: the backend of the demo. Then nothing is loaded before the first question. */
  readonly standIn?: StandIn | null
}

export type StandIn = { readonly name: string; readonly edge: () => UpstreamEdge }

export type Chat = {
  readonly plugins: readonly HttpPlugin[]
  /** When the relay is in use: loads its libraries and opens the audit trail. Also after a reload. */
  start(): Promise<void>
  /** Ends the streams with `shutdown`, then commits the pending records of the audit trail. */
  close(graceMs: number): Promise<void>
}

/** The name of the first backend that has one; else of the relay's routes, so that no address is shown to everybody. */
function pageFacts(settings: Config, standIn: StandIn | null): ChatPageFacts {
  const { ragBackendUrl, relayBackends, chatPrefix, chatRate, chatResumeTtlMs, chatExamples } = settings
  const named =
    ragBackendUrl.length > 0 ? undefined : relayBackends.find(({ serves }) => serves.includes('chat'))
  const backend = standIn?.name ?? named?.name ?? chatPrefix.split('/').at(-1) ?? ''
  return { backend, rate: chatRate, holdsMs: chatResumeTtlMs, examples: chatExamples }
}

export function createChat(parts: ChatParts): Chat {
  const { config, metrics, log, clock, connections, standIn = null, sharing = null } = parts
  const first = config()
  const audit = lateTrail(
    () =>
      startAuditTrail({
        store: { path: first.auditDb, key: first.auditKey, isShared: sharing !== null },
        settings: config,
        instance: () => sharing?.instance ?? null,
        observer: {
          onCommitted: operation => metrics.g6_audit_records_total.inc({ operation }),
          onFailure: () => metrics.g6_audit_failures_total.inc(),
        },
        log,
        clock,
      }),
    () => config().auditRequired,
  )
  const trail = first.enableAuditTrail ? audit : noAudit
  const observer = chatObserver(metrics)
  const keys: LiveKeys = new LiveKeys({
    path: first.keysDb,
    clock,
    timers: systemTimers,
    log,
    // Their answers go on, and nobody is left who may resume them.
    onRevoked: () =>
      void relay.dismiss(async credential => credential.kind === 'key' && !keys.isInForce(credential.id)),
    onSpent: ({ name: key }, { in: asked, out }) => {
      metrics.g6_relay_tokens_total.inc({ key, direction: 'in' }, asked)
      metrics.g6_relay_tokens_total.inc({ key, direction: 'out' }, out)
    },
  })
  const local = createChatLimits({ settings: config, keys, clock })
  const shared = sharing?.limits(local, keys) ?? null
  const limits: ChatLimits = shared ?? local
  const hmacKey = first.auditKey === null ? null : Buffer.from(first.auditKey)
  const rollout = createRollout({ settings: config, hmacKey })
  const identity = createIdentity({
    settings: config,
    log,
    clock,
    onFirstSight: person => trail.record({ operation: 'auth.token_verified', person, atMs: clock.nowMs() }),
  })
  const relay: Relay = new Relay({
    config,
    store: sharing?.store ?? new MemoryStore({ logBytes: () => config().chatLogBytes }),
    edge: standIn?.edge ?? (() => createUndiciEdge()),
    audit: trail,
    observer,
    spent: limits.spent,
    log,
    clock,
    timers: systemTimers,
    connections,
  })
  metrics.onScrape(() => {
    const { activeStreams, activeReaders } = relay.stats()
    metrics.g6_chat_streams_active.set(activeStreams)
    metrics.g6_chat_readers_active.set(activeReaders)
  })
  let warnedOf: string | null = null
  let endAuditSharing: (() => void) | null = null
  return {
    plugins: [
      chatPagePlugin({
        isInUse: () => relayInUse(config()),
        prefix: first.chatPrefix,
        facts: () => pageFacts(config(), standIn),
      }),
      // The last one: it adds the routes of apps, none of which may be one of the server's own.
      chatPlugin({ config, relay, identity, keys, rollout, limits, audit: trail, clock, observer }),
    ],
    start: async () => {
      const settings = config()
      if (relayInUse(settings)) sharing?.start()
      if (!relayInUse(settings) || standIn !== null) return
      const { chatOnDisconnect, chatAllowFinish } = settings
      const missingKey = missingKeyText(settings)
      if (missingKey !== null && missingKey !== warnedOf) log.warn(missingKey)
      warnedOf = missingKey
      if (chatOnDisconnect === 'finish' && !chatAllowFinish) {
        log.warn('G6_CHAT_ON_DISCONNECT=finish requires G6_CHAT_ALLOW_FINISH=1; using grace')
      }
      // Load before the first question what it needs.
      const libraries = [import('undici'), import('jose'), import('cockatiel')]
      await Promise.all([...libraries, keys.start(), ...(first.enableAuditTrail ? [audit.start()] : [])])
      if (first.enableAuditTrail) endAuditSharing ??= sharing?.audit(audit) ?? null
    },
    close: async graceMs => {
      await relay.close(graceMs, Math.max(0, graceMs - READERS_MS))
      shared?.close()
      keys.close()
      endAuditSharing?.()
      await trail.close()
    },
  }
}
