import { describe, expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { Connection } from './connection.js'
import { type ConnectionHost, type ConnectionKind, Connections } from './connections.js'

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
  ) => {
    const transport = new ScriptedTransport(() => {})
    const connection = new Connection({ transport, wire: WIRE, owner: name, addressKey }, connections.nowMs())
    const host: ConnectionHost<Connection> = {
      kind,
      stallMs: () => STALL_MS,
      onDrain: () => left.push(`${name} drains`),
      onTick: () => left.push(`${name} ticks`),
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
