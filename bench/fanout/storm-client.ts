// Many readers who come at once or within a given time: how long until each has what it came for. It prints one line of JSON and
// stays connected until its standard input ends.
//
//     storm-client --port P --path /events --n 1000 --over-ms 1000 --until board|head
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { median, percentile } from '../stats.js'
import { type Visitor, visit } from './visitor.js'

const LIMIT_MS = 60_000
/** Shorter waits are not kept by a timer. */
const LEAST_WAIT_MS = 2

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    path: { type: 'string', default: '/' },
    n: { type: 'string', default: '50' },
    'over-ms': { type: 'string', default: '0' },
    until: { type: 'string', default: 'head' },
  },
})
const count = Number(values.n)
const overMs = Number(values['over-ms'])
const mark = values.until === 'board' ? 'event: full_snapshot' : null

process.stdin.resume().once('end', () => process.exit(0))
setTimeout(() => {
  process.stderr.write(`storm: not all of ${count} readers were served within ${LIMIT_MS} ms\n`)
  process.exit(1)
}, LIMIT_MS).unref()

const startMs = performance.now()
const visitors: Visitor[] = []
for (let i = 0; i < count; i++) {
  const aheadMs = (overMs * i) / count - (performance.now() - startMs)
  if (aheadMs > LEAST_WAIT_MS) await sleep(aheadMs)
  visitors.push(visit({ port: Number(values.port), path: values.path, mark }))
}
const each = await Promise.all(visitors.map(({ servedMs }) => servedMs))
const allMs = performance.now() - startMs
const answer = { allMs, medianMs: median(each), p99Ms: percentile(each, 0.99), slowestMs: Math.max(...each) }
process.stdout.write(`${JSON.stringify(answer)}\n`)
