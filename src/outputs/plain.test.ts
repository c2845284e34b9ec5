import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { resultMaker } from '../../test/support/results.js'
import { displayWidth } from '../panels/text.js'
import { createJsonLinesOutput } from './json-lines.js'
import { createPlainOutput, plainFrame } from './plain.js'

/** A stream that is full after every write until it drains. */
class Pipe extends EventEmitter {
  readonly texts: string[] = []
  columns = 160
  isFull = false
  write(text: string): boolean {
    this.texts.push(text)
    return !this.isFull
  }
}

const market = (ltp: number) => ({ indices: { NIFTY: { ltp } } })
const zone = 'Asia/Kolkata'

describe('a plain frame', () => {
  test('has each panel as its title in brackets, its lines and a blank line', () => {
    const result = resultMaker()(market(100))
    const frame = plainFrame(result, 160, zone)
    const { lines = [] } = result.board.panels.get('indices') ?? {}
    expect(frame).toContain(`[Indices]\n${lines.join('\n')}\n\n[Alerts]\n`)
    expect(frame.endsWith('\n\n')).toBe(true)
  })

  test('fits the columns it is given, by display width', () => {
    const long = { events: [{ level: 'warn', component: 'X', message: '指数'.repeat(60) }] }
    for (const line of plainFrame(resultMaker()(long), 40, zone).split('\n')) {
      expect(displayWidth(line)).toBeLessThanOrEqual(40)
    }
  })

  test('begins with the verdict: closed is normal, and an unrecognised status is not healthy', () => {
    const closed = { state: 'closed', changedAtMs: 1_763_615_436_000 } as const
    const well = { market_open: false, health: { collector: 'ok' } }
    expect(plainFrame(resultMaker()(well, closed), 160, zone)).toMatch(
      /^\[Status\]\nhealthy: closed, last 10:40\n\n/,
    )
    expect(plainFrame(resultMaker()({ widgets: 3 }), 160, zone)).toMatch(
      /^\[Status\]\nunknown: nothing here says how it is\n\n/,
    )
  })

  test('says since when the verdict has its word, with the day when that is not today', () => {
    const result = resultMaker()({ health: { Provider: 'down' } })
    const frameSince = (agoMs: number) => {
      const { board } = result
      const verdict = {
        word: 'failing',
        reasons: ['Provider: down'],
        since: board.builtAtMs - agoMs,
      } as const
      return plainFrame({ ...result, board: { ...board, verdict } }, 160, zone).split('\n')[1]
    }
    expect(frameSince(0)).toMatch(/^failing: Provider: down \(since \d\d:\d\d\)$/)
    expect(frameSince(3 * 86_400_000)).toMatch(
      /^failing: Provider: down \(since \d\d:\d\d on \d+ \w{3}( \d{4})?\)$/,
    )
    const well = {
      ...result,
      board: { ...result.board, verdict: { word: 'healthy', reasons: [], since: 0 } as const },
    }
    expect(plainFrame(well, 160, zone)).toMatch(/^\[Status\]\nhealthy \(since 05:30 on 1 Jan 1970\)\n/)
  })

  test('says the verdict before the fault of the status and its time, without an age', () => {
    const next = resultMaker()
    next(market(100))
    const bad = { state: 'not_json', error: 'it is empty', changedAtMs: 1_763_615_436_000 } as const
    const frame = plainFrame(next(undefined, { ...bad, ageSec: 5 }), 160, zone)
    expect(frame).toMatch(
      /^\[Status\]\nfailing: source not json, last 10:40\nnot_json: it is empty, last good at 10:40:36\n\n\[Overview\]/,
    )
    expect(plainFrame(next(undefined, { ...bad, ageSec: 10 }), 160, zone)).toBe(frame)
  })
})

describe('the plain output', () => {
  test('does not print an equal frame again', async () => {
    const pipe = new Pipe()
    const output = createPlainOutput({ stream: pipe, timezone: zone, diff: true })
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next())
    await output.publish(next(market(101)))
    expect(pipe.texts).toHaveLength(2)
  })

  test('prints the same generation again for another run or another width', async () => {
    const pipe = new Pipe()
    const output = createPlainOutput({ stream: pipe, timezone: zone, diff: true })
    const first = resultMaker()(market(100))
    await output.publish(first)
    const other = resultMaker()(market(101))
    await output.publish({ ...other, board: { ...other.board, epoch: 'e2' } })
    expect(pipe.texts[1]).toContain('101.00')
    pipe.columns = 30
    await output.publish({ ...other, board: { ...other.board, epoch: 'e2' } })
    expect(pipe.texts).toHaveLength(3)
    for (const line of pipe.texts[2]?.split('\n') ?? []) expect(displayWidth(line)).toBeLessThanOrEqual(30)
  })

  test('has the width for pipes on a terminal with width 0', async () => {
    const pipe = new Pipe()
    pipe.columns = 0
    await createPlainOutput({ stream: pipe, timezone: zone, diff: true }).publish(resultMaker()(market(100)))
    const result = resultMaker()(market(100))
    expect(pipe.texts).toEqual([plainFrame(result, 160, zone)])
  })

  test('prints every frame without diff', async () => {
    const pipe = new Pipe()
    const output = createPlainOutput({ stream: pipe, timezone: zone, diff: false })
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next())
    expect(pipe.texts).toHaveLength(2)
  })

  test('keeps only the newest frame for a pipe that is full, and stops when it is gone', async () => {
    const pipe = new Pipe()
    const output = createPlainOutput({ stream: pipe, timezone: zone, diff: true })
    const next = resultMaker()
    pipe.isFull = true
    for (let ltp = 1; ltp <= 5; ltp++) await output.publish(next(market(ltp)))
    expect(pipe.texts).toHaveLength(1)
    pipe.isFull = false
    pipe.emit('drain')
    expect(pipe.texts).toHaveLength(2)
    expect(pipe.texts[1]).toContain('5.00')
    pipe.isFull = true
    await output.publish(next(market(6)))
    pipe.emit('close')
    await output.publish(next(market(7)))
    await output.close()
    expect(pipe.texts).toHaveLength(3)
    expect(pipe.listenerCount('drain') + pipe.listenerCount('close') + pipe.listenerCount('error')).toBe(0)
  })
})

test('JSON lines are one document a cycle, with the source and every panel', async () => {
  const pipe = new Pipe()
  const output = createJsonLinesOutput(pipe)
  const next = resultMaker()
  await output.publish(next(market(100)))
  await output.publish(next(undefined, { state: 'missing', error: 'there is no such file', ageSec: 3 }))
  const [first, second] = pipe.texts.map(text => JSON.parse(text))
  expect(pipe.texts.every(text => text.indexOf('\n') === text.length - 1)).toBe(true)
  expect(first).toMatchObject({
    schema_version: 'v1',
    epoch: 'e1',
    generation: 1,
    cycle: 1,
    source: { state: 'fresh' },
  })
  expect(first.panels.indices).toMatchObject({
    title: 'Indices',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(second.source).toEqual({ state: 'missing', age_sec: 3, error: 'there is no such file' })
})
