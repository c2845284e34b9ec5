// The published clients against a real server, through faults: after every round they show what it shows.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type Connection, connect } from '../client/index.js'
import { panelHash } from '../src/board/hash.js'
import { seen } from './support/board-server.js'
import { runFaults } from './support/fault-run.js'

const ROUNDS = 200
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Resolves when the connection shows the board; fails with both when the run is over. */
function reaches(connection: Connection, wanted: unknown): Promise<void> {
  const text = JSON.stringify(wanted)
  const there = (): boolean => connection.board !== null && JSON.stringify(seen(connection.board)) === text
  return new Promise(resolve => {
    const ends: (() => void)[] = []
    const look = (): void => {
      if (!there()) return
      for (const end of ends) end()
      resolve()
    }
    ends.push(connection.on('update', look), connection.on('state', look))
    look()
  })
}

test.each([
  { name: 'lines', options: { structured: false } },
  { name: 'structured', options: { structured: true } },
])('the TypeScript client converges through faults, in $name mode', async ({ options }) => {
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
          await reaches(connection, seen(board))
          for (const panel of connection.board?.panels.values() ?? [])
            expect(panelHash(panel)).toBe(panel.hash)
          expect(connection.counts.mismatches).toBe(0)
        },
      }
    },
  })
  expect(Object.values(run.rounds).reduce((a, b) => a + b)).toBe(ROUNDS)
  expect(run.connections).toBeGreaterThan(50)
})

type Line = {
  epoch: string
  generation: number
  panels: Record<string, { title: string; tone: string; lines: string[]; hash: string }>
  removed: string[]
}

test('the Python client converges through faults', async () => {
  let child: ChildProcess | undefined
  const complaints: string[] = []
  const run = await runFaults({
    rounds: ROUNDS,
    seed: 815,
    start: url => {
      const script = fileURLToPath(new URL('../clients/python/g6_stream.py', import.meta.url))
      child = spawn('python3', [script, url, '--json', '--structured', '--initial-delay', '0.005'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      closers.push(() => child?.kill())
      child.stderr?.on('data', (bytes: Buffer) => complaints.push(bytes.toString()))
      const held = new Map<string, { hash: string }>()
      let now = { epoch: '', generation: 0 }
      let wake = (): void => {}
      if (!child.stdout) throw new Error('no output')
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
        reaches: async board => {
          const wanted = JSON.stringify(seen(board))
          while (JSON.stringify(seen({ ...now, panels: held })) !== wanted) {
            if (child?.exitCode !== null) throw new Error(`the client ended: ${complaints.join('')}`)
            await new Promise<void>(resolve => {
              wake = resolve
            })
          }
        },
      }
    },
  })
  expect(Object.values(run.rounds).reduce((a, b) => a + b)).toBe(ROUNDS)
  expect(complaints.join('')).not.toMatch(/mismatch|malformed|Traceback/)
})
