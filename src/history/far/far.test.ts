import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resultOf } from '../../../test/terminal/support/scenes.js'
import { type Board, emptyBoard } from '../../board/board.js'
import { momentNow } from '../../clock/moment.js'
import type { CycleResult } from '../../engine/cycle.js'
import { silentLog } from '../../log/log.js'
import type { Facts } from '../../panels/facts.js'
import { makePanel } from '../../panels/lines.js'
import type { Verdict } from '../../protocol/events.js'
import { wholeDocument } from '../both.js'
import { NearHistory } from '../near.js'
import { VerdictLog } from '../verdict-log.js'
import { type FarCalls, farCalls } from './calls.js'
import { FarHistory } from './far.js'

const START_SEC = 1_800_000_020
const ID = 'box.n'
const WEEK_MINUTES = 7 * 1_440

/** Files are synced, which is not what is tested. */
const memoryDisk = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(memoryDisk, 'g6-far-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A server that is started again and again on one file, with a clock of its own. */
class Rig {
  sec = START_SEC
  /** The steady clock goes on where the other one is set. */
  steadySec = 0
  board: Board = emptyBoard('e1')
  readonly errors: string[] = []
  lost = 0
  /** What the next calls fail with. */
  failWith: string | null = null
  near!: NearHistory
  far!: FarHistory
  verdicts!: VerdictLog
  readonly clock = { nowMs: () => this.sec * 1000, monotonicMs: () => this.steadySec * 1000 }

  constructor(
    readonly path = join(folder, 'history.db'),
    readonly maxBytes = 256 * 1024 ** 2,
  ) {}

  async start(): Promise<void> {
    const run = farCalls({ path: this.path, maxBytes: this.maxBytes })
    const calls: FarCalls = {
      call: async each => {
        if (this.failWith !== null && each.do !== 'read')
          throw Object.assign(new Error('no'), { code: this.failWith })
        return run(each)
      },
      end: () => Promise.resolve(),
    }
    this.near = new NearHistory({ nowMs: this.clock.nowMs, onMinute: batch => this.far.take(batch) })
    this.verdicts = new VerdictLog()
    this.far = new FarHistory({
      calls,
      near: this.near,
      verdicts: this.verdicts,
      keptMinutes: WEEK_MINUTES,
      clock: this.clock,
      log: silentLog,
      observer: { onError: what => void this.errors.push(what), onLost: () => void this.lost++ },
    })
    await this.far.open()
  }

  pass(seconds: number): void {
    this.sec += seconds
    this.steadySec += seconds
  }

  cycle(n: number | null, state: CycleResult['source']['state'] = 'fresh', others: Facts = {}): void {
    const panel = { ...makePanel('box', 'Box', [{ kind: 'text', text: `${n} ${this.sec}` }]) }
    const facts = n === null ? others : { n, ...others }
    const source = { state, ageSec: 1, changedAtMs: 0, error: null, tooOld: false }
    const result = resultOf([{ ...panel, facts }], { source }, this.board)
    this.board = result.board
    this.near.take(result)
  }

  say(word: Verdict['word']): void {
    this.verdicts.take({ word, reasons: [`${word} is why`] }, momentNow(this.clock))
  }

  async ask(from: number, to: number, stepSec: number) {
    const document = await wholeDocument(this, [ID], { fromSec: from, toSec: to, stepSec }, this.sec * 1000)
    return document
  }
}

/** Every second that was known, as the last reading in it has it. */
class Slow {
  readonly seconds = new Map<number, number>()
  #now: number | null = null
  #lastSec: number | null = null

  cycle(sec: number, n: number | null, isGood: boolean): void {
    const last = this.#lastSec ?? sec
    // A longer silence is a gap.
    if (sec - last <= 150) for (let at = last + 1; at < sec; at++) this.#set(at, this.#now)
    if (sec > last) this.#set(sec, this.#now)
    if (isGood) this.#set(sec, n)
    this.#now = isGood ? n : null
    this.#lastSec = sec
  }

  end(): void {
    this.#now = null
    this.#lastSec = null
  }

  #set(sec: number, n: number | null): void {
    if (n === null) this.seconds.delete(sec)
    else this.seconds.set(sec, n)
  }

  step(from: number, length: number) {
    const known = Array.from({ length }, (_, i) => this.seconds.get(from + i)).filter(n => n !== undefined)
    if (known.length === 0) return { last: null, min: null, max: null }
    return { last: known.at(-1), min: Math.min(...known), max: Math.max(...known) }
  }
}

describe('near and far history together', () => {
  test('agree with one that keeps every second, over restarts, gaps and clocks that are set forward', async () => {
    const step = fc.record({
      n: fc.option(fc.integer({ min: -9, max: 9 }), { freq: 6 }),
      state: fc.constantFrom<CycleResult['source']['state']>('fresh', 'fresh', 'fresh', 'closed', 'stale'),
      sec: fc.constantFrom(1, 1, 7, 20, 59, 60, 61, 140, 151, 400, 4_000),
      restart: fc.constantFrom(false, false, false, false, true),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(60, 120, 420, 3_600),
        async (steps, stepSec) => {
          const rig = new Rig(join(mkdtempSync(join(folder, 'run-')), 'history.db'))
          const slow = new Slow()
          await rig.start()
          for (const { n, state, sec, restart } of steps) {
            if (restart) {
              await rig.far.close()
              slow.end()
              rig.pass(1)
              await rig.start()
            }
            rig.cycle(n, state)
            slow.cycle(rig.sec, n, state !== 'stale')
            rig.pass(sec)
          }
          rig.cycle(5)
          slow.cycle(rig.sec, 5, true)
          // Far enough back that the minutes are asked too.
          const from = Math.floor((START_SEC - 7_200) / 60) * 60
          const document = await rig.ask(from, rig.sec, stepSec)
          const [series] = document.series
          const expected = series?.values.map((_, i) => slow.step(from + i * stepSec, stepSec)) ?? []
          expect(series?.values).toEqual(expected.map(({ last }) => last))
          expect(series?.min).toEqual(expected.map(({ min }) => min))
          expect(series?.max).toEqual(expected.map(({ max }) => max))
          expect(document.from + (series?.values.length ?? 0) * stepSec * 1000).toBeGreaterThan(
            rig.sec * 1000,
          )
          await rig.far.close()
          expect(rig.errors).toEqual([])
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 25) },
    )
  })

  test('a clock that is set back keeps the minutes before, and adds to those that come twice', async () => {
    const rig = new Rig()
    await rig.start()
    const minute = Math.floor(rig.sec / 60) * 60
    for (const n of [1, 2, 3, 4]) {
      rig.cycle(n)
      rig.pass(30)
    }
    rig.cycle(9)
    rig.sec -= 90
    rig.cycle(-7)
    rig.pass(2_000)
    rig.cycle(5)
    const { series } = await rig.ask(minute - 60, minute + 300, 60)
    expect(series[0]?.min?.slice(0, 4)).toEqual([null, -7, 2, 4])
    expect(series[0]?.max?.slice(0, 4)).toEqual([null, 2, 4, 9])
    await rig.far.close()
  })
})

test('after a restart the last 15 minutes are there at once, to the number that is on the board again', async () => {
  const rig = new Rig()
  await rig.start()
  for (let i = 0; i < 20; i++) {
    rig.cycle(i, 'fresh', { gone: i })
    rig.pass(30)
  }
  await rig.far.close()
  await rig.start()
  rig.cycle(100)
  const span = { fromSec: rig.sec - 899, toSec: rig.sec, stepSec: 60 }
  const { series, unknown } = rig.near.read([ID, 'box.gone'], span)
  expect(unknown).toEqual(['box.gone'])
  expect(series[0]?.values.filter(n => n !== null)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 100])
  expect(rig.near.sinceMs(rig.sec * 1000)).toBe(Math.floor(START_SEC / 60) * 60_000)
  // What is no longer on the board is still known for the time before.
  const document = await wholeDocument(
    rig,
    ['box.gone'],
    { fromSec: START_SEC - 1_200, toSec: rig.sec, stepSec: 60 },
    rig.sec * 1000,
  )
  expect(document.series[0]?.values.filter(n => n !== null)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
  await rig.far.close()
})

test('the verdict log goes on after a restart, and a row that lasted ended when it was stored', async () => {
  const rig = new Rig()
  await rig.start()
  rig.say('healthy')
  rig.pass(100)
  rig.say('failing')
  rig.cycle(1)
  rig.pass(40)
  rig.cycle(1)
  await rig.far.close()
  rig.pass(600)
  await rig.start()
  rig.say('healthy')
  rig.pass(60)
  const rows = rig.verdicts.rows(momentNow(rig.clock))
  expect(rows.map(({ word, lastedMs, toMs }) => [word, lastedMs / 1000, toMs === null])).toEqual([
    ['healthy', 100, false],
    ['failing', 40, false],
    ['healthy', 60, true],
  ])
  expect(rows[1]?.reasons).toEqual(['failing is why'])
  await rig.far.close()
  await rig.start()
  expect(rig.verdicts.rows(momentNow(rig.clock))).toHaveLength(3)
  await rig.far.close()
})

test('what cannot be written waits, is logged once, and is written when it can be', async () => {
  const rig = new Rig()
  await rig.start()
  rig.failWith = 'SQLITE_FULL'
  for (let i = 0; i < 3; i++) {
    rig.cycle(i)
    rig.pass(60)
    await Promise.resolve()
  }
  rig.cycle(7)
  await expect.poll(() => rig.errors.length).toBeGreaterThan(0)
  rig.failWith = null
  rig.pass(60)
  rig.cycle(8)
  await rig.far.close()
  await rig.start()
  const document = await rig.ask(START_SEC - 1_200, rig.sec, 60)
  expect(document.series[0]?.values.filter(n => n !== null)).toEqual([0, 1, 2, 7, 8])
  expect(rig.lost).toBe(0)
  await rig.far.close()
})

test('minutes wait for a quarter of an hour at most', async () => {
  const rig = new Rig()
  rig.failWith = 'SQLITE_CANTOPEN'
  await rig.start()
  for (let i = 0; i < 20; i++) {
    rig.cycle(i)
    rig.pass(60)
  }
  expect(rig.lost).toBe(4)
  await rig.far.close()
  expect(rig.errors.every(what => what === 'open')).toBe(true)
})

test('only after an hour in which no clock was set are old minutes removed', async () => {
  const rig = new Rig()
  await rig.start()
  const first = rig.sec
  const week = WEEK_MINUTES * 60
  const minute = async (): Promise<void> => {
    rig.cycle(1)
    rig.pass(60)
    rig.cycle(1)
    await rig.far.read({ ids: [ID], fromMinute: 0, stepMinutes: 1, steps: 1 })
  }
  await minute()
  // A wrong clock, for some minutes.
  rig.sec += 2 * week
  rig.steadySec += 3_601
  await minute()
  rig.sec -= 2 * week
  rig.steadySec += 3_601
  await minute()
  expect(rig.far.oldestMs).toBe(Math.floor(first / 60) * 60_000)
  rig.pass(2 * week)
  await minute()
  expect(rig.far.oldestMs).toBeGreaterThan((first + week) * 1000)
  await rig.far.close()
})
