// How often an idle server wakes: on a laptop or a small virtual machine that is what it costs. The figures are in bench/.
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { g6, type Running } from '../support/g6.js'

const WINDOW_MS = 3_000
let folder = ''
let server: Running

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-idle-'))
  const status = join(folder, 'status.json')
  copyFileSync(new URL('../fixtures/status-full.json', import.meta.url), status)
  server = g6(['serve', '--status-file', status, '--port', '0'])
  await server.url()
})
afterEach(async () => {
  server.signal('SIGTERM')
  await server.exit
  rmSync(folder, { recursive: true })
})

/** Times that threads of the server have gone to sleep: once for each time one woke. */
function wakeUps(): number {
  const tasks = `/proc/${server.child.pid}/task`
  return readdirSync(tasks).reduce((sum, task) => {
    const text = readFileSync(join(tasks, task, 'status'), 'utf8')
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1])
  }, 0)
}

async function wakeUpsPerSec(): Promise<number> {
  const before = wakeUps()
  await wait(WINDOW_MS)
  return ((wakeUps() - before) * 1_000) / WINDOW_MS
}

describe.skipIf(process.platform !== 'linux')('an idle server', () => {
  test('wakes fewer than ten times a second', async () => {
    // The first seconds compile and load what is needed once.
    const settled = await eventually(async () => {
      const perSec = await wakeUpsPerSec()
      return perSec < 10 ? { perSec } : null
    }, 'fewer than ten wake-ups a second')
    expect(settled.perSec).toBeGreaterThan(0)
  })

  test('is not woken by another file that changes all the time in the folder of the status', async () => {
    const neighbour = join(folder, 'neighbour.log')
    let lines = 0
    const writing = setInterval(() => {
      for (let i = 0; i < 10; i++) appendFileSync(neighbour, 'a line\n')
      lines += 10
    }, 10)
    try {
      await eventually(
        async () => (await wakeUpsPerSec()) < 60 && lines > 1_000,
        () => `fewer than 60 wake-ups a second, with ${lines} lines`,
      )
    } finally {
      clearInterval(writing)
    }
  })
})
