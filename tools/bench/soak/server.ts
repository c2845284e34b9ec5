// The server of a soak: the whole program as `g6 serve` has it, in a process of its own that measures itself on request.
//
//     node --expose-gc server.js FOLDER
//
// It prints its address as a line of JSON, answers each line on standard input with a sample, taken after a garbage
// collection, and shuts down at the end of its standard input.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { loadedOf, UNLIMITED } from '../../../bench/settings.js'
import { fileOutputs } from '../../../src/app/outputs.js'
import { Program } from '../../../src/app/program.js'
import { fileSourceOf } from '../../../src/app/source.js'
import { silentLog } from '../../../src/log/log.js'
import { countOpenFiles } from '../../../src/metrics/open-files.js'
import type { Sample } from './run.js'

const folder = process.argv[2]
if (folder === undefined) throw new Error('missing argument: the folder of the run')

const loaded = loadedOf({
  ...UNLIMITED,
  G6_SUMMARY_STATUS_FILE: join(folder, 'runtime_status.json'),
  G6_PANELS_DIR: join(folder, 'panels'),
  G6_UNIFIED_HTTP_PORT: '0',
  // Often enough to make a board of every change.
  G6_SUMMARY_REFRESH_SEC: '0.2',
})
const program = new Program({
  loaded,
  command: 'serve',
  source: fileSourceOf,
  outputs: fileOutputs,
  log: silentLog,
})

const statsSchema = z.object({ history: z.object({ bytes: z.number() }) })

/** What the status stream keeps for readers that reconnect: bounded, and full only after minutes. */
async function historyBytes(url: string): Promise<number> {
  const answer = await fetch(`${url}/events/stats`)
  return statsSchema.parse(await answer.json()).history.bytes
}

/** Processor time of the collections for samples, which is not the program's work. */
let collectingUs = 0

function collect(): void {
  const before = process.cpuUsage()
  // The second collection frees what the finalizers of the first released.
  globalThis.gc?.()
  globalThis.gc?.()
  const { user, system } = process.cpuUsage(before)
  collectingUs += user + system
}

async function sample(url: string): Promise<Sample> {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const stats = program.hub.stats()
  return {
    handles: process.getActiveResourcesInfo().length,
    files: await countOpenFiles(),
    heapBytes: heapUsed - (await historyBytes(url)),
    rssBytes: rss,
    cpuUs: user + system - collectingUs,
    readers: stats.clients,
    events: stats.eventsTotal,
  }
}

const [listening] = await program.start()
if (listening === undefined) throw new Error('the server listens nowhere')
process.stdout.write(`${JSON.stringify({ url: listening.url })}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await sample(listening.url))}\n`)
}
await program.stop()
process.exit(0)
