// A real hub behind a real HTTP server on port 0, published to by the test.
import { type Board, emptyBoard, nextBoard, withVerdict } from '../../src/board/board.js'
import { Connections } from '../../src/connection/connections.js'
import { createHttpServer, type HttpParts, type HttpServer } from '../../src/http/server.js'
import { Hub } from '../../src/hub/hub.js'
import type { HubSettings, PastOf } from '../../src/hub/hub-types.js'
import { silentLog } from '../../src/log/log.js'
import type { Panel } from '../../src/panels/panel.js'
import { verdictOf } from '../../src/panels/verdict.js'
import type { Verdict } from '../../src/protocol/events.js'
import { ALL_ROUTES, httpConfig } from './http-rig.js'

const HUB_SETTINGS: HubSettings = {
  sseHeartbeatCycles: 5,
  sseForceFullEveryN: 0,
  sseStructMaxChanges: 40,
  sseEventsPerSec: 1_000,
  sseMaxEventBytes: 65_536,
  sseStallTimeoutMs: 30_000,
  sseReconnectSpreadMs: 0,
  sseRetryMs: 0,
  summaryRefreshSec: 1,
}

export type BoardServer = {
  readonly hub: Hub
  readonly http: HttpServer
  readonly url: string
  readonly port: number
  readonly board: Board
  /** Open streams. */
  readonly streams: number
  /** The next cycle of the same epoch. */
  /** With the verdict of these panels, or with this one. */
  publish(panels: readonly Panel[], verdict?: Verdict): Board
  close(): Promise<void>
}

export async function startBoardServer(
  epoch: string,
  hubSettings: Partial<HubSettings> = {},
  httpChanges: Parameters<typeof httpConfig>[0] = {},
  {
    keepaliveMs,
    past,
    ...parts
  }: Partial<Pick<HttpParts, 'plugins' | 'health' | 'listeners'>> & {
    readonly keepaliveMs?: number
    readonly past?: PastOf
  } = {},
): Promise<BoardServer> {
  const settings = { ...HUB_SETTINGS, ...hubSettings }
  const connections = new Connections()
  const hub = new Hub({
    connections,
    settings: () => settings,
    version: '0.0.0',
    random: () => 0,
    ...(keepaliveMs === undefined ? {} : { keepaliveMs }),
    ...(past === undefined ? {} : { past }),
  })
  const config = httpConfig(httpChanges)
  let board = emptyBoard(epoch)
  const http = createHttpServer({
    config: () => config,
    listeners: [ALL_ROUTES],
    hub,
    connections,
    panelKeys: () => new Set(board.panels.keys()),
    health: () => ({}),
    ready: () => ({ ok: true, reason: '' }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    log: silentLog,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    version: '0.0.0',
    ...parts,
  })
  const [listening] = await http.listen()
  const url = listening?.url ?? ''
  return {
    hub,
    http,
    url,
    port: Number(new URL(url).port),
    get board() {
      return board
    },
    get streams() {
      return connections.streams
    },
    publish(panels, verdict = verdictOf({ snapshot: null, panels, remarks: [] })) {
      board = withVerdict(nextBoard(board, panels, board.cycle + 1, Date.now()), verdict)
      hub.publish(board, 1)
      return board
    },
    async close() {
      http.startDraining()
      await hub.close(200)
      await http.close()
    },
  }
}

/** What must be equal at a client: everything a person sees, and its position. */
export function seen(board: {
  readonly epoch: string
  readonly generation: number
  readonly panels: ReadonlyMap<string, { readonly hash: string }>
}): unknown {
  const { epoch, generation, panels } = board
  return { epoch, generation, panels: [...panels].map(([key, { hash }]) => `${key} ${hash}`).sort() }
}
