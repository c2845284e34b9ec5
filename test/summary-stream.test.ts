// Every row of the table of events (docs/reference/events.md) from the real hub through the real HTTP server over a socket.
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Board } from '../src/board/board.js'
import { Hub } from '../src/hub/hub.js'
import type { HubSettings } from '../src/hub/hub-types.js'
import type { Panel } from '../src/panels/panel.js'
import { boardMaker, textPanel } from './support/boards.js'
import { httpConfig, startRig } from './support/http-rig.js'
import { HUB_SETTINGS } from './support/hub-rig.js'
import { SummaryClient } from './support/summary-client.js'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** `speed`: how much faster than real time the hub's clock runs, so that the test need not wait 15 s. */
async function served(settings: Partial<HubSettings> = {}, speed = 1) {
  const all = { ...httpConfig(), ...SETTINGS, ...settings }
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() * speed }
  const hub = new Hub({ settings: () => all, version: '9.9.9', clock })
  const keys = new Set(['indices', 'alerts', 'links'])
  const rig = await startRig({}, { hub, panelKeys: () => keys })
  ends.push(
    () => rig.close(),
    () => hub.close(0),
  )
  const client = (query = '', headers: Readonly<Record<string, string>> = {}) => {
    const made = new SummaryClient(`${rig.url}/summary/events${query}`, headers)
    ends.push(() => made.close())
    return made
  }
  const publish = (board: Board): Board => {
    hub.publishNow(board, 0.9)
    return board
  }
  return { hub, rig, client, publish }
}

const SETTINGS: HubSettings = { ...HUB_SETTINGS, sseHeartbeatCycles: 2 }
const long = (changed: number, text = 'x') =>
  Array.from({ length: 30 }, (_, i) => `row ${i} ${i < changed ? text : '-'}`.padEnd(40, '.'))
const panels = (indices: readonly string[], alerts = 'none'): Panel[] => [
  textPanel('indices', ...indices),
  textPanel('alerts', alerts),
]
const names = (client: SummaryClient) => client.reader.events.map(({ event }) => event)

describe('events', () => {
  test('hello and full_snapshot begin every connection', async () => {
    const { client, publish } = await served()
    const board = publish(boardMaker()(...panels(['a'])))
    const stream = client()
    await stream.event('full_snapshot')
    expect(names(stream)).toEqual(['hello', 'full_snapshot'])
    expect(stream.reader.lastId).toBe('e1-1')
    expect(stream.reader.hashes()).toEqual(
      Object.fromEntries([...board.panels.values()].map(({ key, hash }) => [key, hash])),
    )
  })

  test('full_snapshot comes every N cycles when that is set', async () => {
    const { client, publish } = await served({ sseForceFullEveryN: 2 })
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const stream = client()
    await stream.event('full_snapshot')
    publish(next(...panels(['a'])))
    await stream.until(() => names(stream).filter(name => name === 'full_snapshot').length === 2)
  })

  test('panel_update has all panels that changed in a cycle, and names those that went', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(['a']), textPanel('links', 'l')))
    const stream = client()
    await stream.event('full_snapshot')
    publish(next(...panels(['b'], 'one')))
    const update = await stream.event('panel_update')
    expect(update).toMatchObject({
      id: 'e1-2',
      data: { cycle: 2, generation: 2, updates: [{ key: 'indices' }, { key: 'alerts' }], removed: ['links'] },
    })
    expect([...stream.reader.panels.keys()]).toEqual(['indices', 'alerts'])
  })

  test('panel_update_structured comes to readers that asked for it, and applies', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(long(0))))
    const stream = client('?structured=1')
    await stream.event('full_snapshot')
    const board = publish(next(...panels(long(3))))
    const update = await stream.event('panel_update_structured')
    expect(update.data.updates).toMatchObject([{ panel: 'indices', total_lines: 30, added: [], removed: [] }])
    expect(stream.reader.mismatches).toEqual([])
    expect(stream.reader.panels.get('indices')?.hash).toBe(board.panels.get('indices')?.hash)
  })

  test('a panel with too many changes goes whole, in the same group as the others', async () => {
    const { client, publish } = await served({ sseStructMaxChanges: 5 })
    const next = boardMaker()
    publish(next(textPanel('indices', ...long(0)), textPanel('alerts', ...long(0))))
    const stream = client('?structured=1')
    await stream.event('full_snapshot')
    publish(next(textPanel('indices', ...long(3)), textPanel('alerts', ...long(20))))
    await stream.event('panel_update')
    expect(stream.reader.events.slice(2).map(({ event, id, data }) => [event, id, data.more])).toEqual([
      ['panel_update_structured', null, true],
      ['panel_update', 'e1-2', undefined],
    ])
    expect(stream.reader.mismatches).toEqual([])
  })

  test('heartbeat comes after N cycles without a change', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const stream = client()
    await stream.event('full_snapshot')
    publish(next(...panels(['a'])))
    publish(next(...panels(['a'])))
    expect((await stream.event('heartbeat')).data).toMatchObject({
      cycle: 3,
      unchanged: true,
      hit_ratio: 0.9,
    })
  })

  test('over 5 calm minutes no heartbeat is a cycle late', async () => {
    const { client, publish } = await served({ sseHeartbeatCycles: 5, sseEventsPerSec: 1_000 })
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const stream = client()
    await stream.event('full_snapshot')
    for (let cycle = 2; cycle <= 301; cycle++) publish(next(...panels(['a'])))
    await stream.until(({ events }) => events.length >= 62)
    const cycles = stream.reader.events.slice(2).map(({ data }) => data.cycle)
    expect(cycles).toEqual(Array.from({ length: 60 }, (_, i) => 6 + i * 5))
  })

  test.each([
    ['e0-1', 'epoch'],
    ['e1-9', 'ahead'],
    ['e1-1-abcdef', 'subset'],
    ['what', 'malformed'],
  ])('resync_required for %s says %s, and the snapshot follows by itself', async (id, reason) => {
    const { client, publish } = await served()
    publish(boardMaker()(...panels(['a'])))
    const stream = client('', { 'Last-Event-ID': id })
    await stream.event('full_snapshot')
    expect(names(stream)).toEqual(['hello', 'resync_required', 'full_snapshot'])
    expect(stream.reader.events[1]?.data).toEqual({ reason })
  })

  test('a client with a good id gets only what changed since', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(['a'])))
    publish(next(...panels(['a'], 'one')))
    const stream = client('?last_event_id=e1-1')
    await stream.event('panel_update')
    expect(names(stream)).toEqual(['hello', 'panel_update'])
    expect(stream.reader.events[0]?.data.resumed).toBe(true)
    expect(stream.reader.events[1]?.data.updates).toMatchObject([{ key: 'alerts' }])
  })

  test('error means that an update failed, and everything follows with the next cycle', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const stream = client('?view=blocks')
    await stream.event('full_snapshot')
    publish(next({ ...textPanel('indices', 'b'), blocks: [{ kind: 'text', text: 1n as unknown as string }] }))
    expect((await stream.event('error')).data).toMatchObject({ code: 'encode_failed', recoverable: true })
    publish(next(...panels(['c'])))
    await stream.until(({ panels: shown }) => shown.get('indices')?.lines[0] === 'c')
    expect(names(stream).slice(-2)).toEqual(['error', 'full_snapshot'])
  })

  test.each(['shed', 'auth_expired'] as const)('bye says %s and when to come back', async reason => {
    const { hub, client, publish } = await served()
    publish(boardMaker()(...panels(['a'])))
    const stream = client()
    await stream.event('full_snapshot')
    if (reason === 'shed') hub.shed(0.1)
    else hub.dismiss(() => true, reason)
    const bye = await stream.event('bye')
    expect(bye.data.reason).toBe(reason)
    expect(stream.reader.retryMs).toBe(bye.data.reconnect_ms)
    await stream.ended()
  })

  test('a reader that takes no byte is ended; the others are not affected', async () => {
    const { hub, rig, client, publish } = await served(
      { sseStallTimeoutMs: 5_000, sseEventsPerSec: 1_000_000 },
      // Two and a half seconds of real time: on a busy machine, no reader waits longer for its turn.
      2,
    )
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const dead = connect({ port: rig.port, host: '127.0.0.1' })
    ends.push(() => void dead.destroy())
    dead.pause()
    dead.write('GET /summary/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const stream = client()
    await stream.event('full_snapshot')
    const big = 'y'.repeat(60_000)
    // More than the kernel keeps for an unread connection.
    for (let i = 0; hub.stats().behind === 0; i++) {
      publish(next(textPanel('indices', `${i} ${big}`)))
      await new Promise(resolve => setImmediate(resolve))
    }
    const board = publish(next(...panels(['last'])))
    await stream.until(
      ({ panels: shown }) => shown.get('indices')?.hash === board.panels.get('indices')?.hash,
    )
    while (hub.stats().clients === 2) await new Promise(resolve => setImmediate(resolve))
    expect(hub.stats()).toMatchObject({ clients: 1, stalled: 1 })
    expect(stream.closed).toBe(false)
  })

  test('a comment comes after 15 s without a byte', async () => {
    const { client, publish } = await served({}, 20)
    publish(boardMaker()(...panels(['a'])))
    const stream = client()
    await stream.until(({ comments }) => comments > 0)
    expect(names(stream)).toEqual(['hello', 'full_snapshot'])
  })

  test('before the first board the stream is open and silent; hello comes with the board', async () => {
    const { client, publish } = await served()
    const stream = client()
    await stream.until(({ retryMs }) => retryMs === 2_000)
    expect(names(stream)).toEqual([])
    publish(boardMaker()(...panels(['a'])))
    await stream.event('full_snapshot')
  })
})

describe('a client that asks', () => {
  test('for a subset gets only that, and its id is valid for that subset', async () => {
    const { client, publish } = await served()
    const next = boardMaker()
    publish(next(...panels(['a'])))
    const stream = client('?panels=alerts')
    await stream.event('full_snapshot')
    publish(next(...panels(['b'])))
    publish(next(...panels(['b'], 'one')))
    await stream.event('panel_update')
    expect([...stream.reader.panels.keys()]).toEqual(['alerts'])
    expect(names(stream)).toEqual(['hello', 'full_snapshot', 'panel_update'])
    const back = client('?panels=alerts', { 'Last-Event-ID': stream.reader.lastId ?? '' })
    expect((await back.event('hello')).data.resumed).toBe(true)
    const other = client('?panels=indices', { 'Last-Event-ID': stream.reader.lastId ?? '' })
    expect((await other.event('resync_required')).data.reason).toBe('subset')
  })

  test('for blocks gets them with every panel, on the stream and over resync', async () => {
    const { rig, client, publish } = await served()
    publish(boardMaker()(...panels(['a'])))
    const snapshot = await client('?view=blocks&panels=alerts').event('full_snapshot')
    const blocks = [{ kind: 'text', text: 'none' }]
    expect(snapshot.data.panels).toMatchObject({ alerts: { blocks } })
    const resync = await (await fetch(`${rig.url}/summary/resync?view=blocks&panels=alerts`)).json()
    expect(resync).toMatchObject({ panels: { alerts: { blocks } } })
  })

  test('for an event over the limit gets it in parts; a panel over it is cut, and resync has the whole', async () => {
    const { rig, client, publish } = await served({ sseMaxEventBytes: 2_048 })
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i} ${'z'.repeat(30)}`)
    const board = publish(
      boardMaker()(textPanel('indices', ...lines), textPanel('alerts', 'x'.repeat(1_500))),
    )
    const stream = client()
    await stream.until(({ panels: shown }) => shown.size === 2)
    const parts = stream.reader.events.filter(({ event }) => event === 'full_snapshot')
    expect(parts.map(({ id, data }) => [id, data.more])).toEqual([
      [null, true],
      ['e1-1', undefined],
    ])
    expect(stream.reader.panels.get('indices')).toMatchObject({ truncated: true })
    const resync = (await (await fetch(`${rig.url}/summary/resync`)).json()) as {
      panels: { indices: { hash: string; lines: string[] } }
    }
    expect(resync.panels.indices.lines).toEqual(lines)
    expect(stream.reader.panels.get('indices')?.hash).toBe(board.panels.get('indices')?.hash)
    expect(resync.panels.indices.hash).toBe(board.panels.get('indices')?.hash)
  })
})
