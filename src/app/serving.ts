// The network side of a program: the HTTP server with its plugins, the chat relay, and the documents of health and readiness.
// `Program` loads this file only when it has something to serve: a dashboard alone starts much sooner without it.

import { relayInUse } from '../chat/chat-config.js'
import type { Connections } from '../connection/connections.js'
import type { HttpPlugin } from '../contract/plugin.js'
import { MAX_SPAN } from '../declared/file.js'
import type { CycleResult, SourceState } from '../engine/cycle.js'
import type { Loop } from '../engine/loop.js'
import type { Played } from '../engine/played.js'
import type { PushTarget } from '../engine/push-target.js'
import type { LagGauge } from '../guards/lag.js'
import { type HealthDocument, type HealthFacts, healthDocument } from '../http/health-document.js'
import type { ListenerPlan } from '../http/listen-plan.js'
import { clientFilePlugin, pagePlugin } from '../http/routes/built-files.js'
import { fleetPlugin } from '../http/routes/fleet.js'
import { historyPlugin } from '../http/routes/history.js'
import { type NotifyDesk, notifyPlugin } from '../http/routes/notify.js'
import { pushPlugin } from '../http/routes/push.js'
import { statusStreamPlugin } from '../http/routes/status-stream.js'
import { createHttpServer, type HttpServer, type SecondBoard } from '../http/server.js'
import type { Hub } from '../hub/hub.js'
import type { StatusHub } from '../hub/status-hub.js'
import { httpObserver } from './bind-metrics.js'
import { type Chat, createChat, type StandIn } from './chat.js'
import type { History } from './history.js'
import type { Fleet, Pipeline, ProgramParts } from './parts.js'
import { VERSION } from './version.js'

export type ServingParts = Omit<ProgramParts, 'config' | 'panels'> & {
  readonly listeners: readonly ListenerPlan[]
  readonly connections: Connections
  readonly hub: Hub
  readonly statusHub: StatusHub | null
  readonly history: History
  readonly loop: Loop
  readonly panelKeys: Pipeline['panelKeys']
  readonly pushTargets: readonly PushTarget[]
  readonly members: Pipeline['members']
  readonly looks: Pipeline['looks']
  readonly lagGauge: LagGauge
  readonly isDraining: () => boolean
  readonly played: () => Played | null
  /** When the program began, monotonic. */
  readonly startedMs: number
  /** Null for a server by itself. */
  readonly fleet: Fleet | null
  /** The chat backend of the demo. */
  readonly chatStandIn: StandIn | null
  /** Null while there are no rules. */
  readonly notify: () => NotifyDesk | null
}

export type Serving = { readonly server: HttpServer; readonly chat: Chat; readonly hasPage: boolean }

/** Opens no port yet. */
export async function createServing(parts: ServingParts): Promise<Serving> {
  const {
    settings,
    metrics,
    log,
    clock,
    listeners,
    connections,
    hub,
    statusHub,
    history,
    loop,
    lagGauge,
    isDraining,
    fleet,
  } = parts
  const sharing =
    fleet === null
      ? null
      : (await import('./fleet-chat.js')).shareChat({ fleet, config: settings, metrics, log, clock })
  const chat = createChat({
    sharing,
    config: settings,
    metrics,
    log,
    clock,
    connections,
    standIn: parts.chatStandIn,
  })
  try {
    await chat.start()
  } catch (error) {
    await chat.close(0)
    throw error
  }
  const page = pagePlugin()
  const statuses = statusHub === null ? [] : [statusStreamPlugin(statusHub, settings)]
  const server = createHttpServer({
    config: settings,
    listeners,
    hub,
    connections,
    panelKeys: parts.panelKeys,
    health: () =>
      healthOf(parts, hub, loop, {
        hasChat: relayInUse(settings()),
        members: parts.members(),
        looks: parts.looks(),
        notify: parts.notify()?.health() ?? null,
        played: parts.played(),
      }),
    ...(fleet === null ? {} : { catchUp: fleet.catchUp, second: secondBoard(fleet, parts, page) }),
    ready: () =>
      readinessOf({
        latest: loop.latest,
        source: loop.sourceNow(),
        draining: isDraining(),
        requiresFresh: settings().readyRequiresFresh,
      }),
    metrics: accept => metrics.text(accept),
    observer: httpObserver(metrics),
    lagGauge,
    log,
    clock,
    version: VERSION,
    plugins: [
      clientFilePlugin(),
      page,
      ...statuses,
      historyPlugin({
        config: settings,
        history: history.near,
        far: history.far,
        verdicts: history.verdicts,
        clock,
      }),
      pushPlugin(parts.pushTargets, settings, clock),
      notifyPlugin(parts.notify, settings),
      ...(fleet === null ? [] : [fleetPlugin(fleet.document)]),
      ...chat.plugins,
    ],
  })
  return { server, chat, hasPage: page.built }
}

/** `more`: what the board itself does not say. */
function healthOf(
  { settings, connections, clock, startedMs, fleet, isDraining }: ServingParts,
  hub: Hub,
  loop: Loop,
  more: Pick<HealthFacts, 'hasChat' | 'members' | 'looks' | 'notify' | 'played'>,
): HealthDocument {
  const { latest } = loop
  return healthDocument({
    ...more,
    // The age of the source grows between cycles.
    result: latest === null ? null : { ...latest, source: loop.sourceNow() },
    verdict: loop.verdictNow(),
    timezone: settings().timezone,
    numberFormat: settings().numberFormat,
    hub: hub.stats(),
    streams: connections.streams,
    version: VERSION,
    uptimeSec: (clock.monotonicMs() - startedMs) / 1000,
    draining: isDraining(),
    fleet: fleet?.health() ?? null,
  })
}

/** The board of the servers, under the path of the document that lists them. */
function secondBoard(fleet: Fleet, parts: ServingParts, page: HttpPlugin): SecondBoard {
  const { hub, loop } = fleet.servers
  const looks = { title: `fleet ${fleet.health().fleet.name}`, spans: { nodes: MAX_SPAN } }
  return {
    path: '/fleet',
    hub,
    catchUp: fleet.catchUp,
    health: () => healthOf(parts, hub, loop, { looks }),
    plugins: [page],
  }
}

export type Readiness = { readonly ok: boolean; readonly reason: string }

export type ReadinessFacts = {
  readonly latest: CycleResult | null
  readonly source: SourceState
  readonly draining: boolean
  readonly requiresFresh: boolean
}

/** Ready: it has a board and is not stopping. An old source is no fault of this server; `G6_READY_REQUIRES_FRESH` counts it. */
export function readinessOf({ latest, source, draining, requiresFresh }: ReadinessFacts): Readiness {
  if (draining) return { ok: false, reason: 'draining' }
  if (latest === null || latest.board.generation === 0) return { ok: false, reason: 'starting' }
  if (requiresFresh && source.tooOld) return { ok: false, reason: `stale ${Math.round(source.ageSec ?? 0)}s` }
  return { ok: true, reason: 'ready' }
}
