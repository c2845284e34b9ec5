import { describe, expect, test } from 'vitest'
import { emulator, feed, screenText } from '../../../test/terminal/support/emulator.js'
import { fakeDevice } from '../../../test/terminal/support/fake-device.js'
import {
  fixture,
  NOW_MS,
  panelsOf,
  resultOf,
  resultOfStatus,
  SETTINGS,
} from '../../../test/terminal/support/scenes.js'
import { fakeTimers } from '../../../test/terminal/support/timers.js'
import { makePanel } from '../../panels/lines.js'
import { DEFAULT_THRESHOLDS } from '../../panels/thresholds.js'
import type { Size } from './layout/layout.js'
import type { TerminalSettings } from './settings.js'
import { type TerminalHooks, TerminalOutput } from './terminal.js'

/** Without a board by then, the first frame says so. */
const NOTHING_YET_MS = 250
const SMALL = { width: 80, height: 24 }

/** Open, and nothing drawn yet. */
function opened({ size = { width: 200, height: 60 }, settings = SETTINGS, hooks = {} }: Given = {}) {
  const timers = fakeTimers(NOW_MS)
  const device = fakeDevice(size)
  const frames: number[] = []
  const happened: string[] = []
  const output = new TerminalOutput({
    device,
    settings,
    capabilities: { colors: 24, utf8: true, theme: 'dark' },
    clock: { nowMs: timers.nowMs, monotonicMs: timers.nowMs },
    timers,
    hooks: {
      sourceName: () => 'data/runtime_status.json',
      onQuit: () => happened.push('quit'),
      onRead: () => happened.push('read'),
      thresholds: () => DEFAULT_THRESHOLDS,
      onFrame: (_, bytes) => frames.push(bytes),
      onFullRepaint: () => happened.push('full repaint'),
      onFault: error => happened.push(String(error)),
      ...hooks,
    },
  })
  output.open()
  return { timers, device, frames, happened, output }
}

type Given = {
  readonly size?: Size
  readonly settings?: TerminalSettings
  readonly hooks?: Partial<TerminalHooks>
}

/** With its first frame, without a board. */
function started(given: Given = {}) {
  const made = opened(given)
  made.timers.advance(NOTHING_YET_MS)
  return made
}

async function screenOf(written: readonly string[], size = { width: 200, height: 60 }): Promise<string> {
  const terminal = emulator(size.width, size.height)
  for (const text of written) await feed(terminal, text)
  const text = screenText(terminal)
  terminal.dispose()
  return text
}

const PANELS = panelsOf(fixture('full'))
const changed = (text: string) =>
  PANELS.map(panel =>
    panel.key === 'cycle'
      ? makePanel('cycle', 'Cycle', [{ kind: 'fields', items: [{ label: 'cycle', text }] }])
      : panel,
  )

describe('the terminal output', () => {
  test('takes the terminal and shows the first board at once', async () => {
    const { device, output, timers } = started()
    output.publish(resultOf(PANELS))
    timers.advance(100)
    expect(device.written[0]?.startsWith('\u001b[?1049h')).toBe(true)
    expect(await screenOf(device.written)).toContain('BANKNIFTY')
    expect(device.raw).toBe(true)
  })

  test('waits a moment for the first board, so that the first frame shows it', () => {
    const { device, output, timers } = opened({ size: SMALL })
    timers.advance(NOTHING_YET_MS - 1)
    expect(device.written).toEqual([])
    output.publish(resultOf(PANELS))
    timers.advance(0)
    expect(device.written).toHaveLength(1)
    expect(device.written[0]).toContain('Indices')
    output.restore()
  })

  test('writes nothing at all while nothing changes within a second', () => {
    const { device, output, timers, frames } = started()
    const result = resultOf(PANELS)
    output.publish(result)
    timers.advance(100)
    const before = device.written.length
    output.publish(result)
    timers.advance(200)
    expect(device.written.length).toBe(before)
    expect(frames.at(-1)).toBe(0)
  })

  test('sends only the changed digit of the clock', () => {
    const { device, timers } = started()
    const before = device.written.length
    timers.advance(1_000)
    expect(device.written.slice(before)).toEqual(['\u001b[?2026h\u001b[1;195H3\u001b[?2026l'])
  })

  test('draws at most ten frames per second, and the newest last', async () => {
    const { device, output, timers } = started()
    let result = resultOf(PANELS)
    const before = device.written.length
    for (let i = 0; i < 100; i++) {
      result = resultOf(changed(`number ${i}`), {}, result.board)
      output.publish(result)
      timers.advance(10)
    }
    timers.advance(100)
    expect(device.written.length - before).toBeLessThanOrEqual(12)
    expect(await screenOf(device.written)).toContain('number 99')
  })

  test('queues nothing for a stalled terminal, and shows the newest board when it reads again', async () => {
    const { device, output, timers } = started()
    device.full = true
    let result = resultOf(PANELS)
    for (let i = 0; i < 1_000; i++) {
      result = resultOf(changed(`number ${i}`), {}, result.board)
      output.publish(result)
      timers.advance(100)
    }
    const before = device.written.length
    expect(device.held.length).toBe(1)
    device.drain()
    timers.advance(100)
    expect(device.written.length - before).toBe(2)
    expect(await screenOf(device.written)).toContain('number 999')
  })

  test('redraws everything for a new size', async () => {
    const { device, output, timers, happened } = started()
    output.publish(resultOf(PANELS))
    timers.advance(100)
    device.resize({ width: 80, height: 24 })
    timers.advance(100)
    expect(await screenOf(device.written.slice(-1), { width: 80, height: 24 })).toContain('Indices')
    expect(happened).toEqual(['full repaint'])
  })

  test('freezes the panels while paused, counts what is missed, and shows the newest afterwards', async () => {
    const { device, output, timers } = started()
    let result = resultOf(changed('old'))
    output.publish(result)
    device.type('p')
    timers.advance(100)
    for (const text of ['new 1', 'new 2']) {
      result = resultOf(changed(text), {}, result.board)
      output.publish(result)
    }
    timers.advance(1_000)
    const paused = await screenOf(device.written)
    expect(paused).toContain('paused, 2 updates behind')
    expect(paused).toMatch(/Cycle .*old/s)
    device.type(' ')
    timers.advance(100)
    expect(await screenOf(device.written)).toMatch(/Cycle .*new 2/s)
  })

  test('captures the mouse only while a panel has the focus', () => {
    const { device, output, timers } = started()
    output.publish(resultOf(PANELS))
    timers.advance(100)
    expect(device.written.join('')).not.toContain('?1000h')
    device.type('\t')
    timers.advance(100)
    expect(device.written.at(-1)).toContain('\u001b[?1000h')
    device.type('\u001b')
    timers.advance(200)
    expect(device.written.at(-1)).toContain('\u001b[?1000l')
  })

  test('writes the screen to a file and says where, or why not', async () => {
    const { device, output, timers } = started()
    output.publish(resultOfStatus(fixture('full')))
    device.type('w')
    timers.advance(100)
    expect([...device.files.keys()]).toEqual(['g6-dashboard-20250131-140322.txt'])
    expect(await screenOf(device.written)).toContain('text is in g6-dashboard-20250131-140322.txt')
    device.type('w')
    timers.advance(100)
    expect(await screenOf(device.written)).toContain('cannot be written: EEXIST')
    timers.advance(6_000)
    expect(await screenOf(device.written)).not.toContain('EEXIST')
  })

  test('passes on quit and read', () => {
    const { device, happened } = started()
    device.type('rq')
    expect(happened).toEqual(['read', 'quit'])
  })

  test('quits when the input ends', () => {
    const { device, happened } = started()
    device.endInput()
    expect(happened).toEqual(['quit'])
  })

  test('quits when the terminal itself is gone', () => {
    const { device, happened } = started()
    device.goAway()
    expect(happened).toEqual(['quit'])
  })

  test('reports a drawing error and draws again', async () => {
    let broken = true
    const clients = () => {
      if (broken) throw new Error('broken')
      return 7
    }
    const { device, output, timers, happened } = started({ hooks: { clients } })
    expect(happened).toEqual(['Error: broken'])
    broken = false
    output.publish(resultOf(PANELS))
    timers.advance(100)
    expect(await screenOf(device.written)).toContain('7 readers')
  })

  test('redraws everything after an error, because the screen is unknown', () => {
    let broken = false
    const clients = () => {
      if (broken) throw new Error('broken')
      return 7
    }
    const { output, timers, happened } = started({ hooks: { clients } })
    broken = true
    output.publish(resultOf(PANELS))
    timers.advance(100)
    broken = false
    output.publish(resultOf(PANELS))
    timers.advance(100)
    expect(happened).toEqual(['Error: broken', 'full repaint'])
  })

  test('shows when the board last changed, also while later cycles change nothing', async () => {
    const { device, output, timers } = started({ settings: { ...SETTINGS, curated: true } })
    const first = resultOf(PANELS)
    output.publish(first)
    timers.advance(7_000)
    output.publish({ ...first, board: { ...first.board, cycle: 2, builtAtMs: timers.nowMs() } })
    timers.advance(100)
    expect(await screenOf(device.written)).toMatch(/Last change +7 s ago, 14:03:22/)
  })
})

describe('releasing the terminal', () => {
  test('resets every mode and raw input, once, and leaves no timer', () => {
    const { device, output, timers } = started()
    output.publish(resultOf(PANELS))
    timers.advance(100)
    output.restore()
    output.restore()
    const last = device.written.at(-1) ?? ''
    for (const mode of ['?2026l', '?1000l', '?1006l', '?2004l', '?7h', '?25h', '?1049l'])
      expect(last).toContain(mode)
    expect(device.written.filter(text => text.includes('?1049l'))).toHaveLength(1)
    expect(device.raw).toBe(false)
    expect(device.closed).toBe(true)
    expect(device.listeners).toBe(0)
    expect(timers.pending()).toBe(0)
    output.publish(resultOf(PANELS))
    timers.advance(1_000)
    expect(device.written.at(-1)).toBe(last)
  })

  test('leaves no timer when it comes before the first frame', () => {
    const { device, output, timers } = opened({ size: SMALL })
    output.restore()
    expect(timers.pending()).toBe(0)
    expect(device.written.join('')).toBe('')
  })

  test('happens before a suspend, and everything is redrawn after it', async () => {
    const { device, output, timers } = started()
    output.publish(resultOf(PANELS))
    timers.advance(100)
    device.type('\u001a')
    expect(device.suspended).toBe(1)
    expect(device.raw).toBe(false)
    expect(device.written.at(-1)).toContain('?1049l')
    const before = device.written.length
    timers.advance(5_000)
    expect(device.written.length).toBe(before)
    device.goOn()
    timers.advance(100)
    expect(device.raw).toBe(true)
    expect(await screenOf(device.written.slice(before))).toContain('BANKNIFTY')
  })

  test('leaves the frame on the screen without an alternate screen', () => {
    const { device, output, timers } = opened({ size: SMALL, settings: { ...SETTINGS, altScreen: false } })
    timers.advance(NOTHING_YET_MS)
    output.restore()
    expect(device.written.join('')).not.toContain('1049')
    expect(device.written.at(-1)?.endsWith('\u001b[24;1H\r\n')).toBe(true)
  })
})
