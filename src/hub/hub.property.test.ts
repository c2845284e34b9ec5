// Random boards, stalls, cuts, resumes and token shortage through the real hub over a scripted transport:
// whatever happens, every reader ends with the server's hashes.
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { HUB_SETTINGS } from '../../test/support/hub-rig.js'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { StreamReader } from '../../test/support/stream-reader.js'
import { type Board, emptyBoard, nextBoard, unchangedBoard, withVerdict } from '../board/board.js'
import type { Wire } from '../connection/transport.js'
import type { Panel } from '../panels/panel.js'
import { Hub } from './hub.js'
import type { DiffMode, HubSettings, View } from './hub-types.js'

const KEYS = ['header', 'indices', 'alerts', 'links', 'storage']

type World = {
  readonly hub: Hub
  readonly clock: { nowMs(): number; monotonicMs(): number }
  advance(ms: number): void
}
const nextTurn = () => new Promise(resolve => setImmediate(resolve))
const hubs: Hub[] = []
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close(0)
})

function world(settings: Partial<HubSettings>, sliceReaders: number, sliceMs: number): World {
  let now = 1_000
  const clock = { nowMs: () => now, monotonicMs: () => now }
  const all: HubSettings = { ...HUB_SETTINGS, sseStructMaxChanges: 5, ...settings }
  const hub = new Hub({
    settings: () => all,
    version: '0.0.0',
    clock,
    random: () => 0.5,
    sliceReaders,
    sliceMs,
  })
  hubs.push(hub)
  return {
    hub,
    clock,
    advance: ms => {
      now += ms
    },
  }
}

const panel = (key: string): fc.Arbitrary<Panel> =>
  fc.record({
    key: fc.constant(key),
    title: fc.constantFrom('A', 'Ünïcode 指数'),
    tone: fc.constantFrom('ok' as const, 'warn' as const, 'error' as const),
    lines: fc.array(fc.constantFrom('a', 'b: 1', 'b: 2', '—', '24512.30 ✓', 'x'.repeat(300)), {
      maxLength: 8,
    }),
    blocks: fc.constant([]),
    facts: fc.record({ number: fc.nat(3), 'a.b': fc.record({ text: fc.constantFrom('x', 'ü') }) }),
  })

const panels = fc
  .tuple(...KEYS.map(key => fc.option(panel(key), { freq: 4, nil: null })))
  .map(all => all.filter(one => one !== null))

type Client = {
  readonly reader: StreamReader
  transport: ScriptedTransport
  readonly form: { mode: DiffMode; view: View; subset: readonly string[] | null; wire: Wire }
  connected: boolean
}

const form = fc.record({
  mode: fc.constantFrom<DiffMode>('lines', 'structured'),
  view: fc.constantFrom<View>('lines', 'lines', 'blocks'),
  subset: fc.option(fc.subarray(KEYS, { minLength: 1 }), { nil: null, freq: 2 }),
  wire: fc.record<Wire>({
    encoding: fc.constantFrom('plain', 'gzip'),
    framing: fc.constantFrom('chunked', 'raw'),
  }),
})

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), panels, now: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('calm' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('verdict' as const), reason: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), form }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stall' as const), who: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), who: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cut' as const), who: fc.nat(9), lose: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('return' as const), who: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

function connect(hub: Hub, client: Client, lastEventId: string | null): void {
  client.reader.reconnected()
  client.transport = new ScriptedTransport(bytes => client.reader.feed(bytes))
  client.connected = true
  hub.join({ ...client.form, transport: client.transport, lastEventId, owner: null })
}

function expectedHashes(board: Board, subset: readonly string[] | null): Record<string, string> {
  const shown = [...board.panels.values()].filter(({ key }) => subset === null || subset.includes(key))
  return Object.fromEntries(shown.map(({ key, hash }) => [key, hash]))
}

/** Of readers that ask for blocks; a panel over the size limit is cut, and its facts with it. */
function expectedFacts(board: Board, { form, reader }: Client): Record<string, unknown> {
  const shown = [...reader.panels].map(([key, { truncated }]): [string, unknown] => [
    key,
    form.view === 'blocks' && !truncated ? board.panels.get(key)?.facts : undefined,
  ])
  return Object.fromEntries(shown)
}

test('every reader ends with the hashes, the facts and the verdict of the server, whatever happened to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 60 }),
      fc.record({
        sseEventsPerSec: fc.constantFrom(1, 3, 100),
        sseForceFullEveryN: fc.constantFrom(0, 0, 4),
        sseMaxEventBytes: fc.constantFrom(700, 2_000, 65_536),
      }),
      fc.constantFrom(1, 2, 1_000),
      fc.constantFrom(0, 8),
      async (actions, settings, sliceReaders, sliceMs) => {
        const { hub, advance } = world(settings, sliceReaders, sliceMs)
        const clients: Client[] = []
        let epoch = 1
        let cycle = 0
        let board: Board = emptyBoard('e1')
        const at = (who: number): Client | undefined => clients[who % Math.max(1, clients.length)]
        for (const step of actions) {
          advance(7)
          if (step.do === 'publish' || step.do === 'calm') {
            const next = step.do === 'publish' ? step.panels : [...board.panels.values()]
            board = nextBoard(board, next, ++cycle, cycle)
            if (step.do === 'calm' || step.now) hub.publishNow(board, 0.5)
            else hub.publish(board, 0.5)
          }
          if (step.do === 'verdict') {
            const verdict = { word: 'attention', reasons: [`r${step.reason}`] } as const
            board = withVerdict(unchangedBoard(board, ++cycle, cycle), verdict)
            hub.publish(board, 0.5)
          }
          if (step.do === 'join') {
            const client: Client = {
              reader: new StreamReader(step.form.wire),
              transport: new ScriptedTransport(() => {}),
              form: step.form,
              connected: false,
            }
            clients.push(client)
            connect(hub, client, null)
          }
          if (step.do === 'stall') at('who' in step ? step.who : 0)?.transport.stall()
          if (step.do === 'drain') at(step.who)?.transport.drain()
          if (step.do === 'cut') {
            const client = at(step.who)
            if (client?.connected) {
              client.connected = false
              if (!step.lose) client.transport.drain()
              client.transport.cut()
            }
          }
          if (step.do === 'return') {
            const client = at(step.who)
            if (client !== undefined && !client.connected) connect(hub, client, client.reader.lastId)
          }
          if (step.do === 'wait') {
            advance(step.ms)
            await nextTurn()
          }
          if (step.do === 'restart') {
            board = nextBoard(emptyBoard(`e${++epoch}`), [...board.panels.values()], ++cycle, cycle)
            hub.publish(board, null)
          }
        }
        for (const client of clients) {
          if (client.connected) client.transport.drain()
          else connect(hub, client, client.reader.lastId)
        }
        // Time for tokens, then calm up to the next heartbeat: it looks at everybody.
        for (let calm = 0; calm < 4; calm++) {
          advance(600_000)
          board = nextBoard(board, [...board.panels.values()], ++cycle, cycle)
          hub.publishNow(board, 0.5)
          // As many turns of the event loop as there can be slices.
          for (let turn = 0; turn <= clients.length * 8; turn++) await nextTurn()
        }
        for (const client of clients) {
          expect(client.reader.mismatches).toEqual([])
          expect(client.reader.hashes()).toEqual(expectedHashes(board, client.form.subset))
          const facts = [...client.reader.panels].map(([key, panel]) => [key, panel.facts])
          expect(Object.fromEntries(facts)).toEqual(expectedFacts(board, client))
          const latest = client.reader.events.findLast(({ data }) => data.verdict !== undefined)
          if (board.verdict !== null) expect(latest?.data.verdict).toEqual(board.verdict)
        }
        expect(hub.stats().behind).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
}, 120_000)
