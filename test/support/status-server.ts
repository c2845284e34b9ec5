// A real status stream behind a real HTTP server on port 0, published to by the test.
import { Connections } from '../../src/connection/connections.js'
import { statusStreamPlugin } from '../../src/http/routes/status-stream.js'
import { createHttpServer } from '../../src/http/server.js'
import { StatusHub } from '../../src/hub/status-hub.js'
import { silentLog } from '../../src/log/log.js'
import type { Status } from '../../src/snapshot/reading.js'
import { ALL_ROUTES, httpConfig } from './http-rig.js'

export type StatusServer = {
  readonly hub: StatusHub
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export async function startStatusServer(
  first: Status | null,
  httpChanges: Parameters<typeof httpConfig>[0] = {},
): Promise<StatusServer> {
  const settings = { eventsSseRetryMs: 0, eventsSseHeartbeat: 1, sseStallTimeoutMs: 30_000 }
  const connections = new Connections()
  const hub = new StatusHub({ settings: () => settings, connections })
  if (first !== null) hub.publishStatus(first)
  const config = httpConfig(httpChanges)
  const http = createHttpServer({
    config: () => config,
    listeners: [ALL_ROUTES],
    hub: null,
    connections,
    panelKeys: () => new Set(),
    health: () => ({}),
    ready: () => ({ ok: true, reason: '' }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    log: silentLog,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    version: '0.0.0',
    plugins: [statusStreamPlugin(hub, () => config)],
  })
  const [listening] = await http.listen()
  const url = listening?.url ?? ''
  return {
    hub,
    url,
    port: Number(new URL(url).port),
    async close() {
      await hub.close()
      await http.close()
    },
  }
}
