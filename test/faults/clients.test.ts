// The published clients against a real server, through faults: after every round they show the server's board.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { connect } from '../../client/index.js'
import { panelHash } from '../../src/board/hash.js'
import { seen } from '../support/board-server.js'
import { type FaultRunClient, runFaults } from '../support/fault-run.js'
import { openFilesOf, residentKbOf } from '../support/footprint.js'
import { reaches } from '../support/reaches.js'

const ROUNDS = 120
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

describe('the TypeScript client', () => {
  test.each([
    { name: 'lines', options: { structured: false } },
    { name: 'structured', options: { structured: true } },
  ])('shows what the server shows after every fault, in $name mode', async ({ options }) => {
    const run = await runFaults({
      rounds: ROUNDS,
      seed: 4_711,
      start: url => {
        const connection = connect(url, { ...options, initialDelayMs: 5, maxDelayMs: 20 })
        closers.push(() => connection.close())
        connection.on('update', ({ panels }) => {
          for (const panel of Object.values(panels)) expect(panelHash(panel)).toBe(panel.hash)
        })
        return {
          reaches: async board => {
            await reaches(connection, board)
            for (const panel of connection.board?.panels.values() ?? [])
              expect(panelHash(panel)).toBe(panel.hash)
            expect(connection.counts.mismatches).toBe(0)
          },
        }
      },
    })
    expect(run.connections).toBeGreaterThan(40)
  })

  test('also after extra bytes, and shows none of them', async () => {
    await runFaults({
      rounds: ROUNDS,
      seed: 1_984,
      garbage: true,
      start: url => {
        const connection = connect(url, { initialDelayMs: 5, maxDelayMs: 20 })
        closers.push(() => connection.close())
        connection.on('update', ({ panels }) => {
          for (const panel of Object.values(panels)) expect(panelHash(panel)).toBe(panel.hash)
        })
        return { reaches: board => reaches(connection, board) }
      },
    })
  })
})

type Line = {
  epoch: string
  generation: number
  panels: Record<string, { title: string; tone: string; lines: string[]; hash: string }>
  removed: string[]
}

type Follower = FaultRunClient & { readonly child: ChildProcess; readonly complaints: () => string }

/** The Python client as a command: the board its lines add up to. */
function followInPython(url: string): Follower {
  const script = fileURLToPath(new URL('../../clients/python/g6_stream.py', import.meta.url))
  const child = spawn('python3', [script, url, '--json', '--structured', '--initial-delay', '0.005'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  closers.push(() => child.kill('SIGKILL'))
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const held = new Map<string, { hash: string }>()
  let now = { epoch: '', generation: 0 }
  let wake = (): void => {}
  child.once('close', () => wake())
  createInterface({ input: child.stdout }).on('line', text => {
    const { epoch, generation, panels, removed } = JSON.parse(text) as Line
    for (const [key, panel] of Object.entries(panels)) {
      expect(panelHash({ key, ...panel })).toBe(panel.hash)
      held.set(key, panel)
    }
    for (const key of removed) held.delete(key)
    now = { epoch, generation }
    wake()
  })
  return {
    child,
    complaints: () => complaints,
    reaches: async board => {
      const wanted = JSON.stringify(seen(board))
      while (JSON.stringify(seen({ ...now, panels: held })) !== wanted) {
        if (child.exitCode !== null) throw new Error(`the client ended: ${complaints}`)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
  }
}

describe('the Python client', () => {
  test('shows the server’s board after every fault, and uses no more than before', async () => {
    const followers: Follower[] = []
    const held: { files: number; residentKb: number }[] = []
    await runFaults({
      rounds: ROUNDS,
      seed: 815,
      start: url => {
        const follower = followInPython(url)
        followers.push(follower)
        return {
          reaches: async board => {
            await follower.reaches(board)
            const pid = follower.child.pid ?? 0
            held.push({ files: openFilesOf(pid), residentKb: residentKbOf(pid) })
          },
        }
      },
    })
    expect(followers[0]?.complaints()).not.toMatch(/mismatch|malformed|Traceback/)
    const warm = held.slice(0, ROUNDS / 3)
    const late = held.slice(-ROUNDS / 3)
    const most = (of: typeof held, what: 'files' | 'residentKb') => Math.max(...of.map(each => each[what]))
    expect(most(late, 'files')).toBeLessThanOrEqual(most(warm, 'files') + 1)
    expect(most(late, 'residentKb')).toBeLessThan(most(warm, 'residentKb') + 8 * 1024)
  })

  test('also after extra bytes', async () => {
    const followers: Follower[] = []
    await runFaults({
      rounds: ROUNDS / 2,
      seed: 77,
      garbage: true,
      start: url => {
        const follower = followInPython(url)
        followers.push(follower)
        return follower
      },
    })
    expect(followers[0]?.complaints()).not.toContain('Traceback')
  })
})
