// Connect storms against a fresh server: every reader is served, and how soon; and what a connection costs the server.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ServerName } from './installed.js'
import { type Bench, startProbe, startServer, stopServer } from './processes.js'

const answerSchema = z.object({
  allMs: z.number(),
  medianMs: z.number(),
  p99Ms: z.number(),
  slowestMs: z.number(),
})

export type StormSample = z.infer<typeof answerSchema> & { readonly cpuUsPerReader: number }

const ANSWER_MS = 70_000
const WARM_READERS = 100
/** What is left to do for readers that came or went. */
const SETTLE_MS = 300

/** `count` readers within `overMs`; ours are waited for until they have their board, of the others the head is all there is. */
export async function measureStorm(
  bench: Bench,
  name: ServerName,
  count: number,
  overMs: number,
): Promise<StormSample> {
  const server = await startServer(bench, name, 1024)
  const until = name === 'ours' ? 'board' : 'head'
  const storm = async (readers: number, withinMs: number) => {
    const args = ['--n', String(readers), '--over-ms', String(withinMs), '--until', until]
    const client = startProbe(bench, server, 'storm-client', args)
    try {
      return answerSchema.parse(JSON.parse(await client.line(ANSWER_MS)))
    } finally {
      await client.end()
    }
  }
  const cpuUs = async (): Promise<number> => {
    const { userUs, systemUs } = await server.link.ask()
    return userUs + systemUs
  }
  try {
    // The first readers compile the code.
    await storm(WARM_READERS, 0)
    await sleep(SETTLE_MS)
    const before = await cpuUs()
    const answer = await storm(count, overMs)
    // Their leaving is part of it, for everybody alike: that of some only would be chance.
    await sleep(SETTLE_MS)
    return { ...answer, cpuUsPerReader: ((await cpuUs()) - before) / count }
  } finally {
    await stopServer(server)
  }
}
