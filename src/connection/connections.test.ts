import { describe, expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { Connection, type ConnectionParts } from './connection.js'
import { type ConnectionHost, type ConnectionKind, Connections } from './connections.js'
import { WaitingBytes } from './tcp-table.js'
import type { TcpTable } from './tcp-table-files.js'

const WIRE = { encoding: 'plain', framing: 'raw' } as const
const STALL_MS = 30_000

function start() {
  const time = ownTime()
  const connections = new Connections(time)
  const left: string[] = []
  const open = (
    kind: ConnectionKind,
    name: string,
    addressKey = 'a',
    last: Buffer | null = Buffer.alloc(1),
    cost = 0,
    more: Partial<ConnectionParts> = {},
  ) => {
    const transport = new ScriptedTransport(() => {})
    const parts = { transport, wire: WIRE, owner: name, addressKey, ...more }
    const connection = new Connection(parts, connections.nowMs())
    const host: ConnectionHost<Connection> = {
      kind,
      stallMs: () => STALL_MS,
      onDrain: () => left.push(`${name} drains`),
      onTick: () => left.push(`${name} ticks`),
      describe: () => ({ position: 1, behind: 0, subset: null }),
      costOf: () => cost,
      lastBytes: () => last,
      onLeave: (_, reason) => left.push(`${name} ${reason}`),
      onClose: () => left.push(`${name} closed`),
    }
    connections.open(connection, host)
    return { connection, transport }
  }
  return { ...time, connections, left, open }
}

describe('connections', () => {
  test('count by kind and address until they have closed; answers are no streams', () => {
    const { connections, open, waiting, pass } = start()
    const [board] = [open('board', 'b'), open('status', 's', 'other'), open('chat', 'c')]
    expect(connections.streams).toBe(2)
    expect([connections.streamsOf('a'), connections.streamsOf('other')]).toEqual([1, 1])
    expect((['board', 'status', 'chat'] as const).map(kind => connections.count(kind))).toEqual([1, 1, 1])
    board.transport.stall()
    connections.end(board.connection, 'shed')
    expect(connections.streams).toBe(2)
    pass(2_000)
    expect([board.transport.closed, connections.streams, connections.streamsOf('a')]).toEqual([true, 1, 0])
    for (const kind of ['status', 'chat'] as const) void connections.close(kind, 0)
    expect(waiting()).toBe(0)
  })

  test('are shed from the costliest on', () => {
    const { connections, open, left } = start()
    for (const [name, cost] of [
      ['a', 1],
      ['b', 5],
      ['c', 0.5],
      ['d', 5],
    ] as const)
      open('board', name, 'x', null, cost)
    expect(connections.shed(0.5)).toBe(2)
    expect(left).toEqual(['b shed', 'b closed', 'd shed', 'd closed'])
    expect(connections.shed(0.5)).toBe(1)
    expect(left.slice(4)).toEqual(['a shed', 'a closed'])
  })

  test('that lag are shed from the newest on, whatever their stream; answers stay', () => {
    const { connections, open, left } = start()
    for (const name of ['b1', 's1', 'b2', 's2']) open(name.startsWith('b') ? 'board' : 'status', name)
    open('chat', 'c')
    expect(connections.shed(0.5)).toBe(2)
    expect(left).toEqual(['b2 shed', 'b2 closed', 's2 shed', 's2 closed'])
    expect(connections.shed(0.1)).toBe(1)
    expect(connections.shed(1, 'status')).toBe(0)
    expect(connections.streams).toBe(1)
  })

  test('of an owner are dismissed, whatever their stream; answers stay', () => {
    const { connections, open, left } = start()
    for (const [kind, name] of [
      ['board', 'x'],
      ['status', 'x'],
      ['status', 'y'],
      ['chat', 'x'],
    ] as const)
      open(kind, name)
    expect(connections.dismiss(owner => owner === 'x', 'auth_expired')).toBe(2)
    expect(left).toEqual(['x auth_expired', 'x closed', 'x auth_expired', 'x closed'])
  })

  test('leave once, and get nothing after it', () => {
    const { connections, open, left, pass } = start()
    const { connection, transport } = open('board', 'b')
    transport.stall()
    connection.write(Buffer.alloc(1), 0)
    connections.end(connection, 'auth_expired')
    connections.end(connection, 'shed')
    expect(transport.held).toHaveLength(2)
    transport.drain()
    pass(1_000)
    transport.cut()
    expect(left).toEqual(['b auth_expired', 'b closed'])
  })

  test('that are blocked get no keep-alive, and are ended when they take no byte for the stall time', () => {
    const { open, left, pass } = start()
    const { connection, transport } = open('status', 's', 'a', null)
    pass(1_000)
    transport.stall()
    connection.write(Buffer.alloc(1), 1_000)
    pass(STALL_MS - 1_000)
    transport.sip()
    pass(STALL_MS)
    expect(left.splice(0)).toEqual(['s ticks'])
    pass(1_000)
    expect(left).toEqual(['s stalled', 's closed'])
  })

  test('end with their credential, by the time of day, blocked or not; others stay', () => {
    const { open, left, pass } = start()
    const [, blocked] = [
      open('chat', 'short', 'a', Buffer.alloc(1), 0, { validUntilMs: 60_000 }),
      open('chat', 'blocked', 'a', null, 0, { validUntilMs: 60_000 }),
      open('chat', 'long', 'a', Buffer.alloc(1), 0, { validUntilMs: 90_000 }),
      open('board', 'always'),
    ]
    blocked.transport.stall()
    blocked.connection.write(Buffer.alloc(1), 40_000)
    pass(60_000)
    expect(left.filter(each => !each.endsWith('ticks'))).toEqual([])
    pass(1_000)
    expect(left.filter(each => !each.endsWith('ticks'))).toEqual([
      'short auth_expired',
      'short closed',
      'blocked auth_expired',
      'blocked closed',
    ])
  })

  test('with one ticket are one at a time: the newest stays, and no ticket is remembered longer than its stream', () => {
    const { connections, open, left, pass } = start()
    const withTicket = (name: string, ticketId: string) =>
      open('board', name, 'a', Buffer.alloc(1), 0, { ticketId })
    const old = withTicket('old', 't')
    open('board', 'none')
    old.transport.stall()
    const fresh = withTicket('fresh', 't')
    expect([left, connections.withTicket('t')]).toEqual([['old stalled'], fresh.connection])
    expect(connections.streams).toBe(3)
    pass(2_000)
    expect([old.transport.closed, connections.streams]).toEqual([true, 2])
    expect(connections.withTicket('t')).toBe(fresh.connection)
    withTicket('other', 'u')
    fresh.transport.cut()
    connections.dismiss(owner => owner === 'other', 'auth_expired')
    expect([connections.withTicket('t'), connections.withTicket('u')]).toEqual([null, null])
  })

  test('may take their last bytes slowly, but not forever', () => {
    const { connections, open, pass } = start()
    const { connection, transport } = open('board', 'b')
    pass(5_000)
    transport.stall()
    connections.end(connection, 'stalled')
    for (let second = 0; second < 4; second++) {
      pass(1_000)
      transport.sip()
    }
    expect(transport.closed).toBe(false)
    pass(3_000)
    expect(transport.closed).toBe(true)
  })

  test('of a kind are waited for until they have closed, or the grace is over', async () => {
    const { connections, open, pass } = start()
    const [slow, other] = [open('board', 'slow'), open('status', 'other')]
    slow.transport.stall()
    const closing = connections.close('board', 1_500)
    pass(1_499)
    expect([slow.transport.closed, other.transport.closed]).toEqual([false, false])
    pass(1)
    await closing
    expect([slow.transport.closed, other.transport.closed]).toEqual([true, false])
    await connections.close('board', 1_000)
  })
})

describe('a stream', () => {
  const HOUR_MS = 3_600_000
  const aged = (random: number) => {
    const time = ownTime()
    const connections = new Connections({ ...time, maxAgeMs: () => HOUR_MS, random: () => random })
    const left: string[] = []
    const open = (kind: ConnectionKind) =>
      connections.open(
        new Connection(
          { transport: new ScriptedTransport(() => {}), wire: WIRE, owner: null },
          connections.nowMs(),
        ),
        {
          kind,
          stallMs: () => STALL_MS,
          onDrain: () => {},
          onTick: () => {},
          describe: () => ({ position: 1, behind: 0, subset: null }),
          lastBytes: () => Buffer.alloc(1),
          onLeave: (_, reason) => left.push(`${kind} ${reason}`),
        },
      )
    return { ...time, open, left }
  }

  test.each([
    [0, 0.8],
    [0.5, 1],
    [0.999_999, 1.2],
  ])(
    'is ended at its maximum age, 20 %% more or less (chance %d: %d of it); an answer is not',
    (random, part) => {
      const { open, left, pass } = aged(random)
      for (const kind of ['board', 'status', 'chat'] as const) open(kind)
      pass(HOUR_MS * part - 1_000)
      expect(left).toEqual([])
      pass(1_000)
      expect(left).toEqual(['board max_age', 'status max_age'])
    },
  )
})

describe('what the system knows', () => {
  const FAR_PORT = 50_000
  const ENDS = '10.0.0.1:9329 10.0.0.2:50000'

  /** Connections with a scripted table; `pass` lets each look end before the next second. */
  function watched() {
    const time = ownTime()
    const waiting = new Map<string, number>()
    const reads = { count: 0 }
    const tcpTable: TcpTable = {
      read: () => {
        reads.count++
        const read = new WaitingBytes()
        for (const [ends, bytes] of waiting) read.add(ends, FAR_PORT, bytes)
        return Promise.resolve(read)
      },
    }
    const connections = new Connections({ ...time, tcpTable })
    const left: string[] = []
    const filled: string[] = []
    const open = (kind: ConnectionKind, ends = ENDS) => {
      const transport = new ScriptedTransport(() => {})
      transport.knownEnds = ends
      transport.farPort = FAR_PORT
      const connection = new Connection({ transport, wire: WIRE, owner: null }, connections.nowMs())
      const write = (_: Connection, nowMs: number): void => {
        if (nowMs - connection.lastByteAtMs >= 15_000) connection.write(Buffer.alloc(10), nowMs)
      }
      connections.open(connection, {
        kind,
        stallMs: () => STALL_MS,
        onDrain: () => {},
        onTick: write,
        ...(kind !== 'chat' && { onFill: () => filled.push(`${ends} ${connections.nowMs()}`) }),
        describe: () => ({ position: 1, behind: 0, subset: null }),
        lastBytes: () => null,
        onLeave: (_, reason) => left.push(`${kind} ${reason} ${connections.nowMs()}`),
      })
      return connection
    }
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        time.pass(1_000)
        await Promise.resolve()
      }
    }
    return { connections, waiting, reads, left, filled, open, pass }
  }

  test.each(['board', 'status', 'chat'] as const)(
    'ends a reader of kind %s whose link is down within 60 s',
    async kind => {
      const { open, waiting, left, pass } = watched()
      const connection = open(kind)
      await pass(15_000)
      // From now on nothing is acknowledged.
      for (let second = 0; second < 60; second++) {
        waiting.set(ENDS, connection.transport.sent())
        await pass(1_000)
      }
      const [line = ''] = left
      expect(line).toMatch(new RegExp(`^${kind} stalled`))
      expect(Number(line.split(' ')[2]) - 15_000).toBeLessThanOrEqual(50_000)
    },
  )

  test('leaves a reader alone whose peer takes bytes, and one that has none waiting', async () => {
    const { open, waiting, left, pass } = watched()
    open('board')
    open('board', 'another')
    for (let second = 0; second < 300; second++) {
      waiting.set(ENDS, 10_000 - second)
      await pass(1_000)
    }
    expect(left).toEqual([])
  })

  test('is looked at six times a minute, and not where nobody is connected', async () => {
    const { open, reads, connections, pass } = watched()
    await pass(60_000)
    expect(reads.count).toBe(0)
    const connection = open('board')
    await pass(60_000)
    expect(reads.count).toBe(6)
    connections.end(connection, 'shutdown')
    await pass(60_000)
    expect(reads.count).toBe(6)
  })

  test('when one more finds no place, each reader is sent filler, a few in a second; again ever later', async () => {
    const { connections, open, filled, pass } = watched()
    for (let n = 0; n < 40; n++) open(n % 2 === 0 ? 'board' : 'status', `reader ${n}`)
    open('chat', 'answer')
    await pass(60_000)
    expect(filled).toEqual([])
    /** How many were sent filler in each second, while one is refused every second. */
    const perSecond = async (seconds: number): Promise<readonly number[]> => {
      const counts: number[] = []
      for (let second = 0; second < seconds; second++) {
        connections.refuse()
        await pass(1_000)
        counts.push(filled.splice(0).length)
      }
      return counts
    }
    expect((await perSecond(20)).filter(count => count > 0)).toEqual([16, 16, 8])
    const later = await perSecond(3_600)
    // After 20, 40, 80, 160, 320 and 600 s, and every 600 s then.
    const begins = later.flatMap((count, second) =>
      count === 16 && later[second - 1] === 0 ? [20 + second] : [],
    )
    expect([20, ...begins].slice(0, 3)).toEqual([20, 60, 140])
    expect(later.reduce((sum, count) => sum + count, 0)).toBe(40 * (begins.length + 1))
    expect(begins.length).toBeLessThan(11)
  })
})
