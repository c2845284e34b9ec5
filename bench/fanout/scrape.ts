// A scrape of /metrics while many readers are connected: how long it takes, what it costs, and how much later an event comes.
import { z } from 'zod'
import { median, percentile } from '../stats.js'
import { type Bench, startProbe, startServer, stopServer } from './processes.js'

const arrival = z.object({ firstMs: z.number(), lastMs: z.number() })
const answerSchema = z.object({
  quietMs: z.array(z.number()),
  cpuMs: z.array(z.number()),
  busyMs: z.array(z.number()),
  alone: z.array(arrival),
  beside: z.array(arrival),
})

export type ScrapeSample = {
  readonly quietMs: number
  readonly busyMs: number
  readonly cpuMs: number
  /** How much later the first and the last reader have an event beside a scrape than one alone: difference of medians. */
  readonly firstDelayMs: number
  readonly lastDelayMs: number
  /** The same, of the 90th percentiles. */
  readonly firstDelayP90Ms: number
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
    const { alone, beside } = answer
    const first = (each: typeof alone) => each.map(({ firstMs }) => firstMs)
    const last = (each: typeof alone) => each.map(({ lastMs }) => lastMs)
    return {
      quietMs: median(answer.quietMs),
      busyMs: median(answer.busyMs),
      cpuMs: median(answer.cpuMs),
      firstDelayMs: median(first(beside)) - median(first(alone)),
      lastDelayMs: median(last(beside)) - median(last(alone)),
      firstDelayP90Ms: percentile(first(beside), 0.9) - percentile(first(alone), 0.9),
    }
  } finally {
    await client.end()
    await stopServer(server)
  }
}
