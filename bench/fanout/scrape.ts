// A scrape of /metrics with many readers connected: its time, its cost, and the delay of an event at the same time.
import { z } from 'zod'
import { median } from '../stats.js'
import { type Bench, type Subject, startProbe, withServer } from './processes.js'

const arrival = z.object({ firstMs: z.number(), lastMs: z.number() })
const answerSchema = z.object({
  quietMs: z.array(z.number()),
  cpuMs: z.array(z.number()),
  busyMs: z.array(z.number()),
  pairs: z.array(z.object({ alone: arrival, during: arrival })),
})

const CONNECT_MS = 70_000
const ANSWER_MS = 120_000

/** Medians; the delays compare the event of a pair that met a scrape with the one that did not, at the first and last reader. */
export function measureScrape(bench: Bench, name: Subject, readers: number, pairs: number) {
  return withServer(bench, name, 1024, async server => {
    const args = ['--n', String(readers), '--pairs', String(pairs)]
    const client = startProbe(bench, server, 'scrape-client', args)
    try {
      await client.line(CONNECT_MS)
      client.say('go')
      const answer = answerSchema.parse(JSON.parse(await client.line(ANSWER_MS)))
      const delay = (when: 'firstMs' | 'lastMs'): number =>
        median(answer.pairs.map(({ alone, during }) => during[when] - alone[when]))
      return {
        quietMs: median(answer.quietMs),
        busyMs: median(answer.busyMs),
        cpuMs: median(answer.cpuMs),
        firstDelayMs: delay('firstMs'),
        lastDelayMs: delay('lastMs'),
      }
    } finally {
      await client.end()
    }
  })
}
