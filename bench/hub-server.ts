// A real hub and HTTP server in this process, without a pipeline: the caller makes the boards.
import { type Board, emptyBoard, nextBoard } from '../src/board/board.js'
import { systemClock } from '../src/clock/clock.js'
import { Connections } from '../src/connection/connections.js'
import { createHttpServer, type HttpParts } from '../src/http/server.js'
import { Hub, type HubOptions } from '../src/hub/hub.js'
import { silentLog } from '../src/log/log.js'
import type { Panel } from '../src/panels/panel.js'
import { loadedOf, UNLIMITED } from './settings.js'

type Parts = Pick<HttpParts, 'metrics' | 'health' | 'plugins'> & Pick<HubOptions, 'observer'>

export function createHubServer({ observer, ...parts }: Parts) {
  // A closed loop publishes as fast as it can: the token bucket works as always, and never runs out.
  const { config } = loadedOf({ ...UNLIMITED, G6_SSE_EVENTS_PER_SEC: '100000' })
  const connections = new Connections()
  const hub = new Hub({
    settings: () => config,
    version: 'bench',
    connections,
    ...(observer === undefined ? {} : { observer }),
  })
  let board: Board = emptyBoard('bench')
  const server = createHttpServer({
    config: () => config,
    listeners: [
      {
        name: 'unified',
        port: 0,
        setting: 'G6_UNIFIED_HTTP_PORT',
        surfaces: ['stream', 'resync', 'metrics', 'other'],
      },
    ],
    hub,
    connections,
    panelKeys: () => new Set(board.panels.keys()),
    ready: () => ({ ok: true, reason: '' }),
    log: silentLog,
    clock: systemClock,
    version: 'bench',
    ...parts,
  })
  return {
    hub,
    connections,
    /** The next board, to be published. */
    next(panels: readonly Panel[]): Board {
      board = nextBoard(board, panels, board.cycle + 1, Date.now())
      return board
    },
    /** Resolves to its address. */
    async listen(): Promise<string> {
      const [listening] = await server.listen()
      if (listening === undefined) throw new Error('the server listens nowhere')
      return listening.url
    },
    async close(): Promise<void> {
      await hub.close(0)
      await server.close()
    },
  }
}
