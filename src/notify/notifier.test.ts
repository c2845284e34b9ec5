// The rules of a program with a clock that the test moves: what is sent, and when it is kept.
import { describe, expect, test } from 'vitest'
import { emptyBoard, nextBoard } from '../board/board.js'
import type { MuteWindow, NotifyRule } from '../config/notify-tables.js'
import { SILENT } from '../log/silent.js'
import type { Verdict } from '../protocol/events.js'
import type { Notification } from './message.js'
import { Notifier } from './notifier.js'
import { type ChangeText, keptOf } from './stored.js'

const board = nextBoard(emptyBoard('e'), [], 1, 0)
const DOWN: NotifyRule = {
  name: 'down',
  when: { kind: 'expression', text: "verdict == 'failing'" },
  forMs: 60_000,
  repeatMs: 3_600_000,
  send: [{ kind: 'exec', command: ['page'], timeoutMs: 1 }],
}
const WALL_MS = Date.UTC(2026, 10, 30, 12)

class Rig {
  nowMs = 0
  /** The wall clock was set by this much. */
  setByMs = 0
  readonly sent: Notification[] = []
  readonly kept: ChangeText[] = []
  readonly timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  windows: readonly MuteWindow[] = []
  /** While it is holding, keeps nothing before this is called. */
  release: (() => void) | null = null
  isHolding = false
  readonly notifier = new Notifier({
    now: () => ({ wallMs: WALL_MS + this.nowMs + this.setByMs, monotonicMs: this.nowMs }),
    timers: {
      after: (ms, run) => {
        const timer = { atMs: this.nowMs + ms, run }
        this.timers.add(timer)
        return () => this.timers.delete(timer)
      },
    },
    random: () => 0,
    timezone: () => 'UTC',
    windows: () => this.windows,
    link: () => 'https://board.example',
    title: () => 'Board',
    targetId: target => target.kind,
    senderOf: () => ({
      shown: 'exec page',
      send: message => {
        this.sent.push(message)
        return Promise.resolve({ ok: true })
      },
      close: () => Promise.resolve(),
    }),
    keep: change => {
      this.kept.push(change)
      return this.isHolding
        ? new Promise(resolve => {
            this.release = resolve
          })
        : Promise.resolve()
    },
    onResult: () => {},
    log: SILENT,
  })

  constructor(rule: NotifyRule = DOWN) {
    this.notifier.setRules([rule])
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }

  /** A cycle. */
  async is(word: Verdict['word']): Promise<void> {
    const verdict: Verdict = { word, reasons: word === 'failing' ? ['Provider: down'] : [] }
    const source = { state: 'fresh', ageSec: 1, changedAtMs: null, error: null, tooOld: false } as const
    this.notifier.take({ board, verdict, source, runningMs: this.nowMs })
    await this.settle()
  }

  /** Time passes, and timers run. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      const next = [...this.timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.timers.delete(next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
      await this.settle()
    }
    this.nowMs = endMs
  }

  get events(): readonly string[] {
    return this.sent.map(({ event }) => event)
  }
}

describe('the rules', () => {
  test('send at their time, also between two cycles', async () => {
    const rig = new Rig()
    await rig.is('failing')
    await rig.pass(59_000)
    expect(rig.events).toEqual([])
    await rig.pass(1_100)
    expect(rig.sent).toMatchObject([
      {
        ...{ event: 'begin', title: 'Board: down: Provider: down', reasons: ['Provider: down'] },
        ...{ lasted_sec: 60, since: WALL_MS, link: 'https://board.example', verdict: 'failing' },
      },
    ])
    await rig.pass(3_601_000)
    await rig.is('healthy')
    expect(rig.events).toEqual(['begin', 'repeat', 'end'])
    expect(rig.sent.map(({ title }) => title).slice(1)).toEqual([
      'Board: down: still Provider: down',
      'Board: down: over',
    ])
  })

  test('send once, however the wall clock is set', async () => {
    const rig = new Rig()
    await rig.is('failing')
    rig.setByMs = -86_400_000
    await rig.pass(61_000)
    rig.setByMs = 86_400_000
    await rig.pass(1_000)
    await rig.is('failing')
    await rig.is('healthy')
    expect(rig.events).toEqual(['begin', 'end'])
  })

  test('send nothing before it is kept', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    rig.isHolding = true
    await rig.is('failing')
    expect(rig.events).toEqual([])
    expect(rig.kept).toMatchObject([
      { state: { rules: [{ name: 'down' }] }, add: [{ message: { event: 'begin' } }] },
    ])
    rig.release?.()
    await rig.settle()
    expect(rig.events).toEqual(['begin'])
  })

  test('keep nothing in a cycle without a change', async () => {
    const rig = new Rig()
    await rig.is('failing')
    const before = rig.kept.length
    await rig.is('failing')
    expect(rig.kept.length).toBe(before)
  })

  test('that are muted send what still lasts when the mute ends', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    const mute = { id: 'm', fromMs: 0, untilMs: WALL_MS + 600_000, reason: 'r', rules: null }
    await rig.notifier.mute(mute)
    await rig.is('failing')
    expect(rig.notifier.rules).toMatchObject([{ phase: 'waiting', mutedUntilMs: WALL_MS + 600_000 }])
    await rig.pass(599_000)
    expect(rig.events).toEqual([])
    await rig.pass(2_000)
    expect(rig.events).toEqual(['begin'])
    expect(rig.notifier.mutes).toEqual([])
  })

  test('are muted by windows of the settings', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    rig.windows = [{ fromMin: 0, toMin: 12 * 60 + 1, days: ['mon'], rules: null, reason: '' }]
    await rig.is('failing')
    await rig.pass(59_000)
    expect(rig.events).toEqual([])
    await rig.pass(2_000)
    expect(rig.events).toEqual(['begin'])
  })

  test('go on after a restart where they were, and another condition is another rule', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    await rig.is('failing')
    const kept = keptOf(rig.kept, { wallMs: WALL_MS, monotonicMs: 0 })
    const next = new Rig({ ...DOWN, forMs: 0 })
    next.notifier.load(kept, true)
    await next.is('failing')
    expect(next.events).toEqual([])
    await next.is('healthy')
    expect(next.sent).toMatchObject([{ event: 'end', incident: rig.sent[0]?.incident }])
    const other = new Rig({ ...DOWN, when: { kind: 'expression', text: "verdict != 'healthy'" } })
    other.notifier.load(kept, true)
    expect(other.notifier.rules).toMatchObject([{ phase: 'idle' }])
  })

  test('go on over a reload', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    await rig.is('failing')
    rig.notifier.setRules([{ ...DOWN, forMs: 0, repeatMs: null }])
    await rig.settle()
    expect(rig.events).toEqual(['begin'])
    expect(rig.timers.size).toBe(0)
  })

  test('that nobody decides here send nothing', async () => {
    const rig = new Rig({ ...DOWN, forMs: 0 })
    rig.notifier.setDeciding(false)
    await rig.is('failing')
    expect([rig.events, rig.timers.size]).toEqual([[], 0])
    rig.notifier.setDeciding(true)
    await rig.settle()
    expect(rig.events).toEqual(['begin'])
  })

  test('are tested past mutes, and leave nothing behind', async () => {
    const rig = new Rig()
    expect(await rig.notifier.test('other', 'x')).toBeNull()
    expect(await rig.notifier.test('down', 'x')).toEqual([
      { rule: 'down', target: 'exec page', ok: true, why: null },
    ])
    expect(rig.sent).toMatchObject([{ event: 'test', title: 'Board: down: a test, nothing is wrong' }])
    expect(rig.kept).toEqual([])
    await rig.notifier.stop(0)
    expect(rig.timers.size).toBe(0)
  })
})
