// Connect storms against a fresh server: when every reader is served, and what a connection costs the server.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { BASELINE, type Bench, type Subject, startProbe, withServer } from './processes.js'

const answerSchema = z.object({ allMs: z.number() })

const ANSWER_MS = 70_000
const WARM_READERS = 100
/** For the server's work after readers came or left. */
const SETTLE_MS = 300

/** `count` readers within `overMs`; ours are served when they have their board, all others with the response head. */
export function measureStorm(bench: Bench, name: Subject, count: number, overMs: number) {
  return withServer(bench, name, 1024, async server => {
    const until = name === 'ours' || name === BASELINE ? 'board' : 'head'
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
    // The first readers compile the code.
    await storm(WARM_READERS, 0)
    await sleep(SETTLE_MS)
    const before = await cpuUs()
    const { allMs } = await storm(count, overMs)
    // The disconnects count too, all of them on every server.
    await sleep(SETTLE_MS)
    return { allMs, cpuUsPerReader: ((await cpuUs()) - before) / count }
  })
}
