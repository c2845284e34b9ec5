// A terminal that nobody reads: the loop and the stream go on at their pace, memory stays bounded, and a later reader sees
// the newest frame.
import { readdirSync, readFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { SummaryClient } from '../support/summary-client.js'
import { CLI, endAllScreens, PtyScreen } from './support/pty.js'
import { removeStatusFiles, StatusFile } from './support/status-file.js'

const clients = new Set<SummaryClient>()

afterEach(async () => {
  for (const client of clients) client.close()
  clients.clear()
  await endAllScreens()
  removeStatusFiles()
})

/** Updates while nobody reads; each rewrites thousands of characters. */
const UPDATES = 300
/** Enough for every buffer on the way. */
const TO_FILL_BUFFERS = 120
const RESIDENT_MAY_GROW_KB = 24 * 1024

function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
}

/** Resolves when a file of that name is there. */
async function written(folder: string, name: string): Promise<void> {
  for await (const _ of watch(folder)) if (readdirSync(folder).includes(name)) return
}

/** Everything is new in each: the largest possible redraw. */
function writeUpdate(status: StatusFile, n: number): void {
  const names = Array.from({ length: 40 }, (_, i) => `IX${i}`)
  status.change({
    indices: Object.fromEntries(
      names.map((name, i) => [name, { ltp: n * 1_000 + i, status: 'ok', legs: n }]),
    ),
    indices_detail: {},
    analytics: { pcr: n },
  })
}

/** The dashboard with its stream, in a shell that writes its process id and, at the end, its exit code to files. */
async function unread() {
  const status = new StatusFile()
  const command = [process.execPath, CLI, ...status.args, '--serve', '--port', '0']
  const g6 = command.map(word => `'${word}'`).join(' ')
  const script = `sh -c 'echo $$ > pid; exec "$@"' sh ${g6}; echo $? > end; mv end ended`
  const screen = new PtyScreen('sh', ['-c', script], { cols: 200, rows: 60, cwd: status.folder })
  const address = /(http:\S+)\/summary\/events/
  await screen.until(
    () => address.test(screen.text) && screen.text.includes('BANKNIFTY'),
    'the stream’s address',
  )
  const file = (name: string): string => readFileSync(join(status.folder, name), 'utf8')
  const url = address.exec(screen.text)?.[1] ?? ''
  const client = new SummaryClient(`${url}/summary/events`)
  clients.add(client)
  await client.event('full_snapshot')
  screen.pause()
  /** Writes updates, each when the stream has brought the last: a blocked program brings none. */
  const update = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++) {
      writeUpdate(status, n)
      await client.until(({ panels }) => panels.get('analytics')?.lines[0] === `pcr: ${n}.00`, `update ${n}`)
    }
  }
  return { screen, status, pid: Number(file('pid')), file, update }
}

describe('a terminal that nobody reads', () => {
  test('blocks neither loop nor stream, and costs no memory', async () => {
    const { screen, pid, update } = await unread()
    await update(1, TO_FILL_BUFFERS)
    const before = residentKb(pid)
    await update(TO_FILL_BUFFERS + 1, UPDATES)
    expect(residentKb(pid) - before).toBeLessThan(RESIDENT_MAY_GROW_KB)
    screen.resume()
    await screen.shows(`${UPDATES}.00`)
  })

  test('does not keep the program from exiting', async () => {
    const { status, pid, file, update } = await unread()
    await update(1, TO_FILL_BUFFERS)
    const ended = written(status.folder, 'ended')
    process.kill(pid, 'SIGTERM')
    await ended
    expect(file('ended')).toBe('0\n')
  })
})
