// Compares the findings of `promtool check metrics` about our metrics with those we accept (published names that people use).
// Exit 1 on any other finding, on an accepted one that no longer occurs, and when promtool cannot run. Needs a build
// (`npm run build`).
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { DECLARED } from '../dist/src/metrics/declared.js'
import { createMetrics } from '../dist/src/metrics/metrics.js'

const ACCEPTED = new URL('../deploy/prometheus/promtool-accepted.txt', import.meta.url)

// promtool ignores a family without a sample, so every metric gets one.
function touchAll(metrics) {
  for (const [name, { type, labels }] of Object.entries(DECLARED)) {
    const values = Object.entries(labels).map(([label, rule]) => [
      label,
      Array.isArray(rule) ? rule[0] : 'some',
    ])
    const args = values.length > 0 ? [Object.fromEntries(values)] : []
    if (type === 'counter') metrics[name].inc(...args, 1)
    else if (type === 'gauge') metrics[name].set(...args, 1)
    else metrics[name].observe(...args, 1)
  }
}

const metrics = createMetrics({
  extended: true,
  processDefaults: true,
  version: '0.0.0',
  node: process.version,
})
touchAll(metrics)
const { body } = await metrics.text()
const run = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8', timeout: 30_000 })

if (run.error !== undefined) {
  process.stderr.write(`promtool could not run: ${run.error.message}\n`)
  process.exit(1)
}
const output = `${run.stdout}${run.stderr}`
const lines = text => text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
// 0: nothing found, 3: lint findings. Anything else: the text did not parse.
if (run.status !== 0 && run.status !== 3) {
  process.stderr.write(`promtool exited ${run.status}:\n${output}\n`)
  process.exit(1)
}
const found = new Set(lines(output))
const accepted = new Set(lines(readFileSync(ACCEPTED, 'utf8')))
const fresh = [...found].filter(line => !accepted.has(line))
const gone = [...accepted].filter(line => !found.has(line))
for (const line of fresh) process.stderr.write(`not accepted: ${line}\n`)
for (const line of gone) process.stderr.write(`accepted, but no longer found: ${line}\n`)
if (fresh.length + gone.length > 0) process.exit(1)
process.stdout.write(`${metrics.names().length} metrics, ${accepted.size} accepted findings, no other\n`)
process.exit(0)
