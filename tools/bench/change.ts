// From a change of the status file to its first byte at a connected client: the real server in a process of its own, a real file
// replaced by renaming, one client.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { benchDocuments } from '../../bench/documents.js'
import { startServer } from '../../bench/own-server.js'
import { ALWAYS_REFRESH } from '../../bench/settings.js'
import { median, percentile } from '../../bench/stats.js'
import { ByteClock } from './byte-clock.js'

export type ChangeOptions = { readonly changes: number; readonly gap: number; readonly indices: number }

export async function benchChange({ changes, gap, indices }: ChangeOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'g6-change-'))
  const path = join(folder, 'status.json')
  const documents = benchDocuments({ indices, churnPct: 30, seed: 1 })
  const prepare = () => writeFile(`${path}.new`, JSON.stringify(documents.next()))
  await prepare()
  await rename(`${path}.new`, path)
  // No heartbeats and no ticks between the changes: every byte answers a change.
  const server = await startServer(
    ['serve', '--status-file', path, '--panels-dir', join(folder, 'panels'), '--refresh', '3600'],
    { G6_SSE_HEARTBEAT_CYCLES: '100000', ...ALWAYS_REFRESH },
  )
  const client = new ByteClock(server.url)
  try {
    await client.next()
    await wait(500)
    const samples: number[] = []
    const sizes: number[] = []
    client.takeBytes()
    for (let i = 0; i < changes; i++) {
      await prepare()
      await wait(gap)
      if (i > 0) sizes.push(client.takeBytes())
      const arrival = client.next()
      const startMs = performance.now()
      await rename(`${path}.new`, path)
      samples.push((await arrival) - startMs)
    }
    return {
      changes,
      mean_ms: samples.reduce((a, b) => a + b, 0) / samples.length,
      p50_ms: median(samples),
      p99_ms: percentile(samples, 0.99),
      max_ms: Math.max(...samples),
      panel_update_median_bytes: median(sizes),
      target: { mean_ms: 3, p99_ms: 10, panel_update_median_bytes: 2_048 },
    }
  } finally {
    client.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
