import { describe, expect, test } from 'vitest'
import type { Moment } from '../clock/moment.js'
import { backoffMs, Delivery, EXPIRES_MS, type Outcome } from './delivery.js'
import type { Notification } from './message.js'
import { type Entry, Outbox } from './outbox.js'

function entry(id: string, target = 't', event: Notification['event'] = 'begin'): Entry {
  const message: Notification = {
    ...{ schema_version: 'v1', id, incident: id, rule: 'r', event, title: id, condition: 'c' },
    ...{ verdict: 'failing', reasons: [], at: 1, since: 1, lasted_sec: 0, repeats: 0, link: null },
  }
  return { target, message, addedAt: { wallMs: 0, monotonicMs: 0 } }
}

/** Receivers whose answers are given, and a clock that moves when it is asked to. */
function rig(answers: Readonly<Record<string, readonly Outcome[]>>) {
  const outbox = new Outbox()
  const sent: string[] = []
  const results: string[] = []
  const timers: { readonly atMs: number; readonly run: () => void }[] = []
  let nowMs = 0
  const now = (): Moment => ({ wallMs: nowMs, monotonicMs: nowMs })
  const left = new Map(Object.entries(answers).map(([target, of]) => [target, [...of]]))
  const delivery = new Delivery({
    outbox,
    senderOf: target => {
      const mine = left.get(target)
      if (mine === undefined) return null
      return {
        shown: target,
        send: message => {
          sent.push(`${message.id}@${nowMs}`)
          return Promise.resolve(mine.shift() ?? { ok: true })
        },
        close: () => Promise.resolve(),
      }
    },
    timers: {
      after: (ms, run) => {
        const timer = { atMs: nowMs + ms, run }
        timers.push(timer)
        return () => timers.splice(timers.indexOf(timer), 1)
      },
    },
    now,
    random: () => 0,
    onResult: ({ message }, result, why) =>
      results.push(`${message.id} ${result}${why === null ? '' : ` ${why}`}`),
  })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  /** Until the next timer. */
  const next = async (): Promise<void> => {
    await settle()
    const first = timers.toSorted((a, b) => a.atMs - b.atMs)[0]
    if (first === undefined) return
    timers.splice(timers.indexOf(first), 1)
    nowMs = Math.max(nowMs, first.atMs)
    first.run()
    await settle()
  }
  const put = (...entries: Entry[]): void => {
    for (const one of entries) outbox.add(one)
    for (const one of entries) delivery.kick(one.target)
  }
  return { outbox, delivery, sent, results, next, settle, put, timers, set: (ms: number) => (nowMs = ms) }
}

const DOWN: Outcome = { ok: false, why: 'ECONNREFUSED' }

describe('a target', () => {
  test('gets its messages one after the other, in their order, however often the first one fails', async () => {
    const { put, next, sent, results, outbox } = rig({ t: [DOWN, DOWN, { ok: true }] })
    put(entry('a'), entry('b'))
    await next()
    await next()
    expect(sent).toEqual(['a@0', 'a@1000', 'a@3000', 'b@3000'])
    expect(results).toEqual(['a retried ECONNREFUSED', 'a retried ECONNREFUSED', 'a sent', 'b sent'])
    expect(outbox.size).toBe(0)
  })

  test('that is down delays no other', async () => {
    const { put, settle, sent } = rig({ t: [DOWN], u: [] })
    put(entry('a', 't'), entry('b', 'u'))
    await settle()
    expect(sent).toEqual(['a@0', 'b@0'])
  })

  test('is asked again no sooner than it wants, and within bounds', async () => {
    const { put, next, sent } = rig({ t: [{ ok: false, why: 'status 429', waitMs: 90_000 }] })
    put(entry('a'))
    await next()
    expect(sent).toEqual(['a@0', 'a@90000'])
    expect([1, 2, 9, 10, 60].map(n => backoffMs(n, 0))).toEqual([1_000, 2_000, 256_000, 300_000, 300_000])
    expect(backoffMs(1, 1)).toBe(1_500)
  })

  test('that refuses a message for good gets the next one at once', async () => {
    const { put, settle, results } = rig({ t: [{ ok: false, why: 'status 400', isFinal: true }] })
    put(entry('a'), entry('b'))
    await settle()
    expect(results).toEqual(['a failed status 400', 'b sent'])
  })

  test('that stays down for a day loses what is older', async () => {
    const { put, next, results, set, settle } = rig({ t: [DOWN, DOWN, DOWN] })
    put(entry('a'))
    await settle()
    set(EXPIRES_MS + 1)
    await next()
    expect(results).toEqual(['a retried ECONNREFUSED', 'a expired ECONNREFUSED'])
  })

  test('that is configured no more gets nothing', async () => {
    const { put, settle, results, outbox } = rig({})
    put(entry('a'))
    await settle()
    expect(results).toEqual(['a dropped its target is no longer configured'])
    expect(outbox.size).toBe(0)
  })

  test('keeps what is not delivered when the program stops', async () => {
    const { put, settle, delivery, outbox, timers } = rig({ t: [DOWN] })
    put(entry('a'))
    await settle()
    await delivery.stop(1_000)
    expect(outbox.size).toBe(1)
    expect(timers).toEqual([])
  })
})

describe('a full outbox', () => {
  test('gives up a repeat of the target with the most messages, else its oldest', () => {
    const outbox = new Outbox(4)
    for (const one of [entry('other', 'u'), entry('a'), entry('b', 't', 'repeat'), entry('c')])
      outbox.add(one)
    expect(outbox.add(entry('d')).map(({ message }) => message.id)).toEqual(['b'])
    expect(outbox.add(entry('e')).map(({ message }) => message.id)).toEqual(['a'])
    expect(outbox.all.map(({ message }) => message.id)).toEqual(['other', 'c', 'd', 'e'])
  })

  test('counts bytes too, and each message once', () => {
    const one = entry('a')
    const bytes = JSON.stringify(one.message).length
    const outbox = new Outbox(100, bytes * 2)
    expect([outbox.add(one), outbox.add(one), outbox.add(entry('b'))]).toEqual([[], [], []])
    expect(outbox.add(entry('c')).length).toBe(1)
    expect(outbox.bytes).toBe(bytes * 2)
  })
})
