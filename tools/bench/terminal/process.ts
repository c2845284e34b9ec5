// The real command in a real pty: the time to the first frame with a board, and the memory of the dashboard over that of plain
// text to /dev/null. The pty is a development dependency.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../../../bench/child.js'
import { benchDocuments } from '../../../bench/documents.js'
import { CLI } from '../../../bench/own-server.js'
import { median } from '../../../bench/stats.js'

const GIVE_UP_MS = 20_000
const UPDATE_EVERY_MS = 50

type Pty = typeof import('@lydell/node-pty')

class Status {
  readonly folder = mkdtempSync(join(tmpdir(), 'g6-bench-terminal-'))
  readonly path = join(this.folder, 'status.json')
  readonly #documents = benchDocuments({ indices: 4, churnPct: 30, seed: 1 })

  write(): void {
    writeFileSync(`${this.path}.new`, JSON.stringify(this.#documents.next()))
    renameSync(`${this.path}.new`, this.path)
  }

  get args(): string[] {
    return [CLI, 'dashboard', '--status-file', this.path, '--no-write-panels']
  }
}

/** A terminal with all colours. */
export const DASHBOARD_ENV = {
  name: 'xterm-256color',
  env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' },
}

type Shown = { readonly pid: number; readonly firstFrameMs: Promise<number>; stop(): Promise<void> }

function inPty(pty: Pty, status: Status): Shown {
  const startMs = performance.now()
  const child = pty.spawn(process.execPath, status.args, { cols: 200, rows: 60, ...DASHBOARD_ENV })
  const ended = new Promise<void>(resolve => child.onExit(() => resolve()))
  const firstFrameMs = new Promise<number>((resolve, reject) => {
    let text = ''
    child.onData(data => {
      text = (text + data).slice(-100_000)
      if (text.includes('Indices')) resolve(performance.now() - startMs)
    })
    void ended.then(() => reject(new Error('the dashboard ended before its first frame')))
    setTimeout(() => reject(new Error(`nothing within ${GIVE_UP_MS} ms`)), GIVE_UP_MS).unref()
  })
  return {
    pid: child.pid,
    firstFrameMs,
    stop: async () => {
      child.write('q')
      await ended
    },
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kb === undefined) throw new Error(`process ${pid} ended while its memory was measured`)
  return Number(kb) / 1024
}

/** Both at the same time, over the same updates: medians of the second half, since a heap rises and falls. */
async function residents(pty: Pty, status: Status, updates: number) {
  const [dashboard, plain] = [
    inPty(pty, status),
    new Child('the plain text', [process.execPath, ...status.args, '--no-rich'], { lines: 'stderr' }),
  ]
  try {
    await dashboard.firstFrameMs
    const seen: { readonly dashboard: number; readonly plain: number }[] = []
    for (let n = 0; n < updates; n++) {
      status.write()
      await wait(UPDATE_EVERY_MS)
      if (n < updates / 2) continue
      seen.push({ dashboard: residentMb(dashboard.pid), plain: residentMb(plain.pid) })
    }
    return {
      dashboard: median(seen.map(each => each.dashboard)),
      plain: median(seen.map(each => each.plain)),
      over: median(seen.map(each => each.dashboard - each.plain)),
    }
  } finally {
    await Promise.all([dashboard.stop(), plain.stop()])
  }
}

/** Null where no pty is available. */
export async function benchProcess(runs: number, updates: number) {
  const pty: Pty | null = await import('@lydell/node-pty').catch(() => null)
  if (pty === null) return null
  const status = new Status()
  try {
    status.write()
    const times: number[] = []
    for (let run = 0; run < runs; run++) {
      const dashboard = inPty(pty, status)
      try {
        times.push(await dashboard.firstFrameMs)
      } finally {
        await dashboard.stop()
      }
    }
    return {
      start_to_first_frame_ms: { median: median(times), max: Math.max(...times), runs },
      resident_mb: await residents(pty, status, updates),
    }
  } finally {
    rmSync(status.folder, { recursive: true, force: true })
  }
}
