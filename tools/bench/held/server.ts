// `g6 serve` as a process of its own, with a probe in it: for how long did its event loop not turn?
//
// The probe is a timer. What a busy machine adds is not counted: between two turns of the loop it takes the time that the main
// thread had a processor (/proc, Linux), which a wait for one does not change. The wall time is there too.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLI } from '../../../bench/own-server.js'

const START_MS = 60_000
const TURN_MS = 2

const PROBE = `
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread) {
  const busyMs = () => Number(readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'latin1').split(' ')[0]) / 1e6
  const clear = () => ({ busyMs: 0, wallMs: 0 })
  let worst = clear()
  let [busy, wall] = [busyMs(), performance.now()]
  setInterval(() => {
    const [nowBusy, nowWall] = [busyMs(), performance.now()]
    worst.busyMs = Math.max(worst.busyMs, nowBusy - busy)
    worst.wallMs = Math.max(worst.wallMs, nowWall - wall)
    ;[busy, wall] = [nowBusy, nowWall]
  }, ${TURN_MS}).unref()
  process.on('message', () => {
    process.send(worst)
    worst = clear()
  })
  process.channel.unref()
}
`

/** The longest time in which the loop did not turn: with a processor, and in all. */
export type Held = { readonly busyMs: number; readonly wallMs: number }

export type ProbedServer = {
  readonly url: string
  /** Writes the status file, as a collector does: whole, by rename. */
  write(text: string): void
  /** Since it was last asked. */
  held(): Promise<Held>
  close(): Promise<void>
}

/** `cli`: the built command. */
export async function startProbedServer(cli: string = CLI): Promise<ProbedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'g6-held-'))
  const path = join(folder, 'status.json')
  const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`
  const settings = {
    G6_STATUS_FILE: path,
    G6_LOG_FORMAT: 'json',
    G6_SSE_IP_CONNECT_RATE: '0',
    G6_PANELS_DIR: join(folder, 'panels'),
  }
  const child = spawn(process.execPath, ['--import', probe, cli, 'serve', '--port', '0'], {
    cwd: folder,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()))
  const close = async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const url = await addressOf(child)
    return {
      url,
      close,
      write(text) {
        writeFileSync(`${path}.new`, text)
        renameSync(`${path}.new`, path)
      },
      async held() {
        const printed = once(child, 'message')
        child.send('held?')
        const answer = await Promise.race([printed, exited])
        if (answer === undefined) throw new Error('the server has ended')
        return answer[0] as Held
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const failed = (why: string) => reject(new Error(`the server ${why}: ${printed}`))
    const timer = setTimeout(() => failed('does not say where it listens'), START_MS)
    child.once('close', () => failed('has ended'))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed = `${printed}${text}`.slice(-4_000)
      const url = /"url":"(http:[^"]+)"/.exec(printed)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}
