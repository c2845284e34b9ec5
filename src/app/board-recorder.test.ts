// Boards of another server, recorded and played: the same boards, also where the recording begins in the middle.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Board, emptyBoard, nextBoard } from '../board/board.js'
import type { BoardNews, BoardSource } from '../engine/followed-boards.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { makePanel } from '../panels/lines.js'
import { RecordedBoards, type RecordedBoardsOptions } from '../sources/recorded-boards.js'
import { recordBoards } from './board-recorder.js'
import { HandClock } from './hand-boards.js'
import { loadSettings } from './load-settings.js'
import { recordedOf } from './recorded.js'
import { checkRecording } from './replay-check.js'

const START_MS = Date.UTC(2026, 10, 29, 4)

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-boards-'))
  path = join(folder, 'run.g6rec')
})
afterEach(() => rmSync(folder, { recursive: true }))

const panel = (key: string, text: string) => makePanel(key, key, [{ kind: 'text', text }])
/** The second one changes in each board, the third one comes and goes. */
const panelsAt = (n: number) => [
  panel('same', 'always'),
  panel('count', `${n}`),
  ...(n % 3 === 0 ? [panel('third', `${n}`)] : []),
]

const LOST = { error: 'io', message: 'the connection has ended' } as const
/** As a person sees them. */
const shownOf = ({ board, fault }: Pick<BoardNews, 'board' | 'fault'>) => ({
  generation: board?.generation ?? null,
  fault,
  panels: board?.panels.map(({ key, hash, lines, blocks }) => [key, hash, lines, blocks]) ?? [],
})

async function recorded() {
  const clock = new HandClock()
  clock.wallMs = START_MS
  const loaded = loadSettings({ env: { G6_TIMEZONE: 'UTC' }, cwd: folder })
  if (!loaded.ok) throw new Error('the settings of this test are wrong')
  const { config } = loaded
  const parts = {
    config,
    settings: () => config,
    metrics: silentMetrics(),
    log: silentLog,
    clock,
    panels: [],
  }
  const stop = new AbortController()
  const seen: ReturnType<typeof shownOf>[] = []
  let news: BoardNews = { board: null, fault: null, heardAtMs: null }
  const source: BoardSource = {
    name: 'http://other',
    members: null,
    looks: null,
    get news() {
      return news
    },
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    start: onNews => {
      let board: Board = emptyBoard('e1')
      for (let n = 0; n < 10; n++) {
        clock.wallMs += 1_000
        clock.steadyMs += 1_000
        board = nextBoard(board, panelsAt(n), n, clock.wallMs)
        const { epoch, generation, cycle, builtAtMs: ts } = board
        const panels = [...board.panels.values()]
        const isLost = n === 5
        if (!isLost)
          news = { board: { epoch, generation, cycle, ts, panels, verdict: null }, fault: null, heardAtMs: 1 }
        else news = { ...news, fault: LOST }
        seen.push(shownOf(news))
        onNews()
        // A byte came, and nothing is new.
        news = { ...news, heardAtMs: n + 2 }
        onNews()
      }
      stop.abort()
    },
  }
  const end = await recordBoards(source, parts, { path, maxBytes: 1e9, maxMs: 1e9, signal: stop.signal })
  return { end, seen, parts }
}

async function played(options: Partial<RecordedBoardsOptions> = {}, rounds = 1, perRound = 10) {
  const timers = {
    after: (_: number, run: () => void) => {
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  }
  const base = { path, speed: 1, loop: rounds > 1, timezone: () => 'UTC', timers }
  const source = new RecordedBoards({ ...base, ...options })
  const shown: ReturnType<typeof shownOf>[] = []
  const epochs = new Set<string | undefined>()
  const times: number[] = []
  await new Promise<void>(resolve => {
    source.start(() => {
      if (shown.length === rounds * perRound) return
      shown.push(shownOf(source.news))
      epochs.add(source.news.board?.epoch)
      times.push(source.played()?.now.wallMs ?? 0)
      if (shown.length === rounds * perRound) resolve()
    })
  })
  if (rounds === 1) await expect.poll(() => source.played()?.ended).toBe(true)
  await source.close()
  return { shown, epochs, times, source }
}

test('the boards come back as they were, with the faults between them', async () => {
  const { end, seen } = await recorded()
  expect(end).toEqual({ why: 'stopped', readings: 10 })
  expect((await recordedOf([`replay:${path}`]))?.boards).toBe(true)
  const { shown, times } = await played()
  expect(shown).toEqual(seen)
  expect(times).toEqual(seen.map((_, i) => START_MS + (i + 1) * 1_000))
})

test('from a time on they are whole, and each round is an epoch of its own', async () => {
  const { seen } = await recorded()
  const { shown } = await played({ from: '04:00:08' }, 1, 3)
  expect(shown).toEqual(seen.slice(7))
  const twice = await played({}, 2)
  expect(twice.shown).toEqual([...seen, ...seen])
  expect([...twice.epochs]).toEqual(['e1', 'e1.1'])
})

test('there is nothing to build again', async () => {
  const { parts } = await recorded()
  await expect(checkRecording(path, parts)).rejects.toThrow('no readings to build them from again')
})
