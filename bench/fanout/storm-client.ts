// Many readers that connect at once or within a given time. Prints one line of JSON when all are served; they stay connected
// until the standard input ends.
//
//     storm-client --port P --path /events --n 1000 --over-ms 1000 --until board|head
import { clientOptions } from './client-options.js'
import { storm } from './visitor.js'

const LIMIT_MS = 60_000

const { port, path, n, overMs, until } = clientOptions(process.argv.slice(2))
process.stdin.resume().once('end', () => process.exit(0))
setTimeout(() => {
  process.stderr.write(`storm: not all of ${n} readers were served within ${LIMIT_MS} ms\n`)
  process.exit(1)
}, LIMIT_MS).unref()

const mark = until === 'board' ? 'event: full_snapshot' : null
const { allMs } = await storm({ port, path, mark }, n, overMs)
process.stdout.write(`${JSON.stringify({ allMs })}\n`)
