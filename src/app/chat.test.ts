import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../clock/clock.js'
import { loadConfig } from '../config/load.js'
import { Connections } from '../connection/connections.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { createChat } from './chat.js'

test.each([
  ['the relay and the trail are on', { ENABLE_SSE_STREAMING: '1' }, true],
  ['the trail is off', { ENABLE_SSE_STREAMING: '1', ENABLE_AUDIT_TRAIL: '0' }, false],
  ['the flag is off, and a backend is set', { RAG_BACKEND_URL: 'http://rag.example' }, true],
  ['there is neither flag nor backend', {}, false],
])('where %s (%j), a database of the audit trail is made: %s', async (_what, env, isMade) => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-chat-'))
  const path = join(folder, 'audit.db')
  const loaded = loadConfig({ env: { ...env, G6_AUDIT_DB: path } })
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
  const chat = createChat({
    config: () => loaded.config,
    metrics: silentMetrics(),
    log: silentLog,
    clock: systemClock,
    connections: new Connections(),
  })
  await chat.start()
  await chat.close(0)
  expect(existsSync(path)).toBe(isMade)
  rmSync(folder, { recursive: true })
})
