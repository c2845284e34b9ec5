import { expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { baliZeroFormat } from './bali-zero-answer.js'
import { EndOfTurn } from './end-of-turn.js'
import type { Terminal, UpstreamEvent } from './events.js'
import { Generation, type GenerationSettings } from './generation.js'
import { MemoryLog } from './log/memory-log.js'
import type { CallHandlers } from './upstream/call.js'

const SETTINGS: GenerationSettings = {
  limits: {
    firstTokenTimeoutMs: 30_000,
    idleTimeoutMs: 60_000,
    noWordTimeoutMs: 600_000,
    maxDurationMs: 900_000,
  },
  pace: 'upstream',
  readAheadBytes: 200,
  onDisconnect: 'grace',
  graceMs: 15_000,
}

function start(settings: Partial<GenerationSettings> = {}, logBytes = 1 << 20) {
  const time = ownTime()
  const log = new MemoryLog(logBytes)
  const ends: Terminal[] = []
  const upstream = { started: 0, cancelled: 0, paused: 0, resumed: 0 }
  let handlers: CallHandlers<UpstreamEvent> | null = null
  const generation = new Generation({
    facts: { streamId: 's', owner: null, identified: false, connectionId: 'c' },
    format: baliZeroFormat(4),
    log,
    call: given => {
      handlers = given
      return {
        start: () => upstream.started++,
        cancel: () => upstream.cancelled++,
        pause: () => upstream.paused++,
        resume: () => upstream.resumed++,
      }
    },
    settings: { ...SETTINGS, ...settings },
    clock: time.clock,
    timers: time.timers,
    endOfTurn: new EndOfTurn(),
    observer: { onEnd: (_, terminal) => ends.push(terminal) },
  })
  generation.start()
  const say = (...events: readonly UpstreamEvent[]): void => handlers?.onItems(events)
  const tokens = (...texts: readonly string[]): void =>
    say(...texts.map((data): UpstreamEvent => ({ type: 'token', data })))
  const alive = (): void => handlers?.onItems(null)
  return { ...time, generation, log, ends, upstream, say, tokens, alive }
}

test('an answer without followers is cancelled after the grace, and not before', () => {
  const { generation, ends, upstream, pass, waiting } = start()
  const follower = { position: 0 }
  generation.follow(follower)
  generation.unfollow(follower)
  pass(SETTINGS.graceMs - 1)
  expect(ends).toEqual([])
  pass(1)
  expect(ends).toEqual([{ type: 'aborted', reason: 'idle' }])
  expect([upstream.cancelled, waiting()]).toEqual([1, 0])
})

test('a follower that comes back within the grace ends it: the answer continues', () => {
  const { generation, ends, tokens, pass } = start()
  const [first, second] = [{ position: 0 }, { position: 0 }]
  generation.follow(first)
  generation.unfollow(first)
  pass(SETTINGS.graceMs - 1)
  generation.follow(second)
  tokens('a')
  pass(SETTINGS.graceMs)
  expect(ends).toEqual([])
})

test('while others follow, a follower that leaves begins no grace', () => {
  const { generation, ends, tokens, pass } = start()
  const [first, second] = [{ position: 0 }, { position: 0 }]
  generation.follow(first)
  generation.follow(second)
  generation.unfollow(first)
  generation.unfollow(first)
  tokens('a')
  pass(SETTINGS.graceMs + 1)
  expect(ends).toEqual([])
})

test('an answer that has ended is not cancelled', () => {
  const { generation, ends, say, waiting } = start()
  const follower = { position: 0 }
  generation.follow(follower)
  say({ type: 'done', reason: 'complete' })
  generation.unfollow(follower)
  expect(waiting()).toBe(0)
  generation.abort('client_stop')
  expect(ends).toEqual([{ type: 'done', reason: 'complete' }])
})

test('at the pace of its readers the upstream is paused once, is not idle meanwhile, and is resumed once', async () => {
  const { generation, ends, upstream, tokens, pass } = start({ pace: 'reader' })
  const follower = { position: 0 }
  generation.follow(follower)
  for (let i = 0; i < 5; i++) tokens('x'.repeat(100))
  await new Promise(resolve => setImmediate(resolve))
  generation.balance()
  generation.balance()
  expect([upstream.paused, upstream.resumed]).toEqual([1, 0])
  pass(SETTINGS.limits.idleTimeoutMs * 2)
  expect(ends).toEqual([])
  follower.position = 6
  generation.balance()
  generation.balance()
  expect([upstream.paused, upstream.resumed]).toEqual([1, 1])
  pass(SETTINGS.limits.idleTimeoutMs)
  expect(ends).toEqual([{ type: 'error', code: 'idle_timeout' }])
})

test('one that exceeds its log ends with too_large, and the end still fits', () => {
  const { ends, log, tokens, upstream } = start({}, 600)
  for (let i = 0; i < 10; i++) tokens('x'.repeat(100))
  expect(ends).toEqual([{ type: 'error', code: 'too_large' }])
  expect([log.end, upstream.cancelled]).toEqual(['whole', 1])
})

test('any byte of the upstream is a sign of life, before its first word and after it, until no word came for too long', () => {
  for (const words of [[], ['a']]) {
    const { ends, tokens, alive, pass } = start()
    tokens(...words)
    for (let passedMs = 0; passedMs < 590_000; passedMs += 10_000) {
      alive()
      pass(10_000)
    }
    expect(ends).toEqual([])
    alive()
    pass(10_000)
    expect(ends).toEqual([{ type: 'error', code: 'no_word_timeout' }])
  }
})
