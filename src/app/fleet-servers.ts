// The board of a fleet's servers, with a stream of its own under /fleet: its loop publishes what the node shows, as the main loop does.
import { momentNow } from '../clock/moment.js'
import type { SourceState } from '../engine/cycle.js'
import type { Boards } from '../engine/loop.js'
import { Loop } from '../engine/loop.js'
import { FleetBoards } from '../fleet/fleet-boards.js'
import type { ServersPort } from '../fleet/node.js'
import { SERVERS_AGAIN_MS, ServersBoard } from '../fleet/servers-board.js'
import { Hub } from '../hub/hub.js'
import { verdictOf } from '../panels/verdict.js'
import type { FleetDocument } from '../protocol/fleet.js'
import { createHubOutput } from './outputs.js'
import { FLEET_HUB, type FleetParts, type Servers } from './parts.js'
import { createEpoch } from './status-pipeline.js'
import { VERSION } from './version.js'

/** Its publisher writes it every ten seconds at least. */
const LIMITS = { warnSec: (3 * SERVERS_AGAIN_MS) / 1000, errorSec: (18 * SERVERS_AGAIN_MS) / 1000 }

const FRESH: SourceState = { state: 'fresh', ageSec: 0, changedAtMs: null, error: null, tooOld: false }

/** What the own board of the servers is judged by: it is made of this process's memory, and so never stale. */
const OWN: Boards = {
  minGapMs: 0,
  ticksBeforeNews: true,
  phase: 'live',
  snapshot: null,
  reading: null,
  start: () => {},
  next: previous => previous,
  sourceAt: () => FRESH,
  verdictOf: board => verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] }),
  ingest: () => undefined,
  refresh: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

export function createServers(
  { settings, clock, log, connections }: FleetParts,
  document: () => Promise<FleetDocument>,
): { readonly port: ServersPort; readonly servers: Servers } {
  const made = new ServersBoard(createEpoch(clock.nowMs()))
  const boards = new FleetBoards({
    own: OWN,
    limits: () => LIMITS,
    timezone: () => settings().timezone,
    clock,
    isAdrift: () => false,
  })
  const hub = new Hub({ settings, version: VERSION, clock, log, connections, ...FLEET_HUB })
  const loop = new Loop({
    boards,
    epoch: '',
    outputs: [createHubOutput(hub)],
    refreshMs: () => settings().summaryRefreshSec * 1000,
    churnWarnRatio: () => settings().summaryChurnWarnRatio,
    clock,
    observer: {
      onFault: error =>
        log.error({ err: error }, 'the board of the servers could not be made; the last one stays'),
    },
  })
  return {
    servers: { hub, loop },
    port: {
      show: (board, source) => boards.show(board, source),
      make: async () => made.next(await document(), momentNow(clock)),
    },
  }
}
