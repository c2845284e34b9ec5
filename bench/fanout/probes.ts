// Measurements of a fresh server that have a client of their own: connect storms, and scrapes of /metrics.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Child } from '../child.js'
import { median } from '../stats.js'
import { BASELINE, type Bench, type Server, type Subject, startProbe, withServer } from './processes.js'

const CONNECT_MS = 70_000
const SCRAPES_MS = 120_000
const WARM_READERS = 100
/** For the server's work after readers came or left. */
const SETTLE_MS = 300

async function answerOf<T>(client: Child, schema: z.ZodType<T>, limitMs: number): Promise<T> {
  return schema.parse(JSON.parse(await client.line(limitMs)))
}

const stormSchema = z.object({ allMs: z.number() })

/**
 * `count` readers within `overMs`; ours are served when they have their board, all others with the response head: when every
 * reader is served, and what a connection costs the server.
 */
export function measureStorm(bench: Bench, name: Subject, count: number, overMs: number) {
  const until = name === 'ours' || name === BASELINE ? 'board' : 'head'
  const storm = async (server: Server, readers: number, withinMs: number) => {
    const args = ['--n', String(readers), '--over-ms', String(withinMs), '--until', until]
    const client = startProbe(bench, server, 'storm-client', args)
    try {
      return await answerOf(client, stormSchema, CONNECT_MS)
    } finally {
      await client.end()
    }
  }
  return withServer(bench, name, 1024, async server => {
    // The first readers compile the code.
    await storm(server, WARM_READERS, 0)
    await sleep(SETTLE_MS)
    const before = await server.link.cpuUs()
    const { allMs } = await storm(server, count, overMs)
    // The disconnects count too, all of them on every server.
    await sleep(SETTLE_MS)
    return { allMs, cpuUsPerReader: ((await server.link.cpuUs()) - before) / count }
  })
}

const numbers = z.array(z.number())
const arrival = z.object({ firstMs: z.number(), lastMs: z.number() })
const scrapesSchema = z.object({
  quietMs: numbers,
  cpuMs: numbers,
  busyMs: numbers,
  pairs: z.array(z.object({ alone: arrival, during: arrival })),
})

/** Medians; the delays compare the event of a pair that met a scrape with the one that did not, at the first and last reader. */
export function measureScrape(bench: Bench, name: Subject, readers: number, pairs: number) {
  return withServer(bench, name, 1024, async server => {
    const args = ['--n', String(readers), '--pairs', String(pairs)]
    const client = startProbe(bench, server, 'scrape-client', args)
    try {
      await client.line(CONNECT_MS)
      client.say('go')
      const { quietMs, busyMs, cpuMs, pairs: measured } = await answerOf(client, scrapesSchema, SCRAPES_MS)
      const delay = (when: 'firstMs' | 'lastMs'): number =>
        median(measured.map(({ alone, during }) => during[when] - alone[when]))
      return {
        quietMs: median(quietMs),
        busyMs: median(busyMs),
        cpuMs: median(cpuMs),
        firstDelayMs: delay('firstMs'),
        lastDelayMs: delay('lastMs'),
      }
    } finally {
      await client.end()
    }
  })
}
