// A scrape of /metrics while many readers are connected: how long it takes, what it costs, and how much later an event comes.
import { z } from 'zod'
import { median } from '../stats.js'
import { type Bench, startProbe, startServer, stopServer } from './processes.js'

const arrival = z.object({ firstMs: z.number(), lastMs: z.number() })
const answerSchema = z.object({
  quietMs: z.array(z.number()),
  cpuMs: z.array(z.number()),
  busyMs: z.array(z.number()),
  pairs: z.array(z.object({ alone: arrival, beside: arrival })),
})

export type ScrapeSample = {
  readonly quietMs: number
  readonly busyMs: number
  readonly cpuMs: number
  /** How much later the first and the last reader have an event beside a scrape than one alone: median of all pairs. */
  readonly firstDelayMs: number
  readonly lastDelayMs: number
}

const CONNECT_MS = 70_000
const ANSWER_MS = 120_000

export async function measureScrape(bench: Bench, readers: number, pairs: number): Promise<ScrapeSample> {
  const server = await startServer(bench, 'ours', 1024)
  const args = ['--ctl', String(server.at.ctl), '--n', String(readers), '--pairs', String(pairs)]
  const client = startProbe(bench, server, 'scrape-client', args)
  try {
    await client.line(CONNECT_MS)
    client.say('go')
    const answer = answerSchema.parse(JSON.parse(await client.line(ANSWER_MS)))
    const delay = (when: 'firstMs' | 'lastMs'): number =>
      median(answer.pairs.map(({ alone, beside }) => beside[when] - alone[when]))
    return {
      quietMs: median(answer.quietMs),
      busyMs: median(answer.busyMs),
      cpuMs: median(answer.cpuMs),
      firstDelayMs: delay('firstMs'),
      lastDelayMs: delay('lastMs'),
    }
  } finally {
    await client.end()
    await stopServer(server)
  }
}
