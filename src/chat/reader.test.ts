import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { Connections } from '../connection/connections.js'
import type { LogSlice } from './log/chat-log.js'
import { MemoryLog } from './log/memory-log.js'
import { AnswerReader, type AnswerReaderParts, beginning } from './reader.js'

const LIMITS = { heartbeatMs: 30_000, pingMs: 15_000, stallMs: 60_000 }

function start(parts: Partial<AnswerReaderParts> = {}) {
  const time = ownTime()
  const log = new MemoryLog(1 << 20)
  let got = ''
  const transport = new ScriptedTransport(bytes => {
    got += bytes.toString()
  })
  const seen = { moved: 0, left: 0, faults: [] as unknown[] }
  const wire = { encoding: 'plain', framing: 'raw' } as const
  const make = (from: number) =>
    new AnswerReader({
      log,
      transport,
      wire,
      from,
      credential: { kind: 'server', owner: null },
      limits: LIMITS,
      clock: time.clock,
      connections: new Connections(time),
      onMoved: () => seen.moved++,
      onFault: error => seen.faults.push(error),
      onLeave: () => seen.left++,
      ...parts,
    })
  let made: AnswerReader | null = null
  const reader = {
    /** As the server does: the first bytes go with the head, then the reader follows. */
    start: () => {
      const first = beginning(parts.log ?? log, 0, 'hello\n\n', wire)
      transport.write(first.bytes)
      made = make(first.next)
      made.start(first.later)
    },
    dismiss: () => made?.dismiss(),
    get position() {
      return made?.position
    },
  }
  const say = (text: string, isTerminal = false): void => {
    log.append(text, isTerminal)
    if (isTerminal) log.close('whole')
    log.publish()
  }
  return { ...time, log, transport, reader, seen, say, got: () => got }
}

test('a reader begins with its greeting and what the log has, in one write, and then follows', () => {
  const { reader, log, transport, say, got } = start()
  log.append('a')
  log.append('b')
  reader.start()
  expect(transport.writes).toHaveLength(1)
  say('c')
  expect(got()).toBe('hello\n\nabc')
  expect(reader.position).toBe(3)
})

test('it ends its connection behind the terminal event, leaves once, and holds no timer', () => {
  const { reader, transport, seen, say, got, waiting } = start()
  reader.start()
  say('end', true)
  expect(got()).toBe('hello\n\nend')
  expect(transport.ended).toBe(true)
  transport.cut()
  expect([seen.left, waiting()]).toEqual([1, 0])
})

test('behind the last event of a log that was cut it breaks its connection off, without an end', () => {
  const { reader, log, transport, say, got, waiting } = start()
  reader.start()
  say('a')
  log.close('cut')
  log.publish()
  expect(got()).toBe('hello\n\na')
  expect([transport.ended, transport.closed, waiting()]).toEqual([false, true, 0])
})

test('a reader whose next events were dropped is broken off, since it would miss them', () => {
  const log = new MemoryLog(16 * 1024)
  const { reader, transport, got } = start({ log })
  reader.start()
  transport.stall()
  const event = () => randomBytes(1_000)
  log.appendBytes('', event())
  log.publish()
  for (let i = 0; i < 100; i++) log.appendBytes('', event())
  transport.drain()
  expect([transport.ended, transport.closed]).toEqual([false, true])
  expect(got().startsWith('hello')).toBe(true)
})

test('while its peer takes nothing it is handed nothing, and gets all of it when the peer goes on', () => {
  const { reader, transport, seen, say, got } = start()
  reader.start()
  transport.stall()
  for (const text of ['a', 'b', 'c']) say(text)
  expect(transport.held).toHaveLength(1)
  transport.drain()
  expect(got()).toBe('hello\n\nabc')
  expect(seen.moved).toBe(1)
})

test('a peer that takes nothing for too long is cut off; one that sips is not', () => {
  const { reader, transport, pass, say, seen } = start()
  reader.start()
  transport.stall()
  say('a')
  pass(LIMITS.stallMs - 1)
  transport.sip()
  pass(2)
  expect(transport.closed).toBe(false)
  pass(LIMITS.stallMs)
  expect(transport.closed).toBe(true)
  expect(seen.left).toBe(1)
})

test('a silent connection gets pings, and heartbeats in their time', () => {
  const { reader, pass, got } = start()
  reader.start()
  pass(LIMITS.pingMs)
  expect(got()).toContain(': ping')
  expect(got()).not.toContain('heartbeat')
  pass(LIMITS.heartbeatMs - LIMITS.pingMs)
  expect(got().match(/event: heartbeat/g)).toHaveLength(1)
})

test('a connection that was blocked for a moment gets its pings as before', () => {
  const { reader, transport, pass, say, got } = start()
  reader.start()
  transport.stall()
  say('a')
  pass(10)
  transport.drain()
  pass(LIMITS.pingMs)
  expect(got()).toContain(': ping')
})

test('a reader that is sent away ends in order, or at once where its peer takes nothing', () => {
  const one = start()
  one.reader.start()
  one.reader.dismiss()
  expect([one.transport.ended, one.waiting()]).toEqual([true, 0])
  const other = start()
  other.reader.start()
  other.transport.stall()
  other.say('a')
  other.reader.dismiss()
  expect([other.transport.ended, other.transport.closed, other.waiting()]).toEqual([false, true, 0])
  other.say('b')
  expect(other.transport.writes).toHaveLength(2)
})

test('a log that takes its time is read one piece after the other; one that fails ends the connection', async () => {
  const asked: number[] = []
  let give = (_: LogSlice): void => {}
  let fail = (_: Error): void => {}
  const log = new (class extends MemoryLog {
    override readFrom(from: number): never {
      asked.push(from)
      return new Promise<LogSlice>((resolve, reject) => {
        give = resolve
        fail = reject
      }) as never
    }
  })(1 << 20)
  const { reader, transport, seen, got } = start({ log })
  log.append('a')
  log.append('b')
  reader.start()
  log.publish()
  expect(asked).toEqual([0])
  give({ bytes: Buffer.from('a'), next: 1 })
  await new Promise(resolve => setImmediate(resolve))
  expect(got()).toBe('hello\n\na')
  expect(asked).toEqual([0, 1])
  fail(new Error('gone'))
  await new Promise(resolve => setImmediate(resolve))
  expect(seen.faults).toHaveLength(1)
  expect(transport.ended).toBe(true)
})
