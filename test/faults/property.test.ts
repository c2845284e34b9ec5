// The law of the stream: whatever happens to the connections of any number of clients, in any order, all of them end
// equal to the server, every hash.
//
// FAULT_RUNS=N makes N runs instead of 25; FAULT_SEED=N starts them at that seed (a failure prints its seed, and the
// shortest sequence of faults that still fails).
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { type Connection, connect } from '../../client/index.js'
import { panelHash } from '../../src/board/hash.js'
import { type BoardServer, startBoardServer } from '../support/board-server.js'
import { textPanel } from '../support/boards.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { reaches } from '../support/reaches.js'

const RUNS = Number(process.env.FAULT_RUNS ?? 25)
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)

const KEYS = ['header', 'cycle', 'indices', 'alerts']
/** Each client uses another form: lines, line diffs, and blocks. */
const FORMS = [{ structured: false }, { structured: true }, { view: 'blocks' as const }]

type Rig = {
  server: BoardServer
  readonly proxies: readonly FaultProxy[]
  epochs: number
}

type Step =
  | { readonly do: 'publish'; readonly texts: readonly number[]; readonly times: number }
  | { readonly do: 'turns'; readonly count: number }
  | { readonly do: 'restart' }
  | { readonly do: 'cut' | 'reset' | 'stall' | 'resume' | 'asItComes'; readonly client: number }
  | { readonly do: 'cutAfter' | 'pieces' | 'slow'; readonly client: number; readonly bytes: number }

const client = fc.nat(FORMS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      texts: fc.array(fc.nat(3), { minLength: KEYS.length, maxLength: KEYS.length }),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'cut' as const,
        'reset' as const,
        'stall' as const,
        'resume' as const,
        'asItComes' as const,
      ),
      client,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cutAfter' as const, 'pieces' as const, 'slow' as const),
      client,
      bytes: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
)

const settings = { sseMaxEventBytes: 2_000, sseEventsPerSec: 500, sseStructMaxChanges: 20 }
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function publish({ server }: Rig, texts: readonly number[], n: number): void {
  // 0: the panel is gone. Long enough for split events, and for diffs that are smaller.
  const panels = KEYS.flatMap((key, i) => {
    const text = texts[i] ?? 0
    return text === 0
      ? []
      : [
          textPanel(
            key,
            ...Array.from(
              { length: 8 * text },
              (_, line) => `${line} ${line === n % 8 ? n : '₹'.repeat(text)}`,
            ),
          ),
        ]
  })
  server.publish(panels)
}

async function perform(rig: Rig, wanted: Step): Promise<void> {
  if (wanted.do === 'publish') {
    for (let n = 0; n < wanted.times; n++) publish(rig, wanted.texts, n)
    return
  }
  if (wanted.do === 'turns') {
    for (let i = 0; i < wanted.count; i++) await turn()
    return
  }
  if (wanted.do === 'restart') {
    const old = rig.server
    for (const proxy of rig.proxies) proxy.target = 0
    await old.close()
    rig.server = await startBoardServer(`e${++rig.epochs}`, settings)
    for (const proxy of rig.proxies) proxy.target = rig.server.port
    publish(rig, [1, 1, 1, 1], 0)
    return
  }
  const proxy = rig.proxies[wanted.client]
  if (proxy === undefined) return
  if (wanted.do === 'cutAfter') proxy.cutAfter(wanted.bytes)
  else if (wanted.do === 'pieces') proxy.shape({ sizeBytes: () => wanted.bytes, gapMs: 0 })
  else if (wanted.do === 'slow') proxy.shape({ sizeBytes: () => Math.max(100, wanted.bytes), gapMs: 1 })
  else if (wanted.do === 'asItComes') proxy.shape(null)
  else proxy[wanted.do]()
}

const closers: (() => unknown)[] = []
async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}
afterEach(closeAll)

test(
  `clients behind any faults end equal to the server (FAULT_SEED=${SEED})`,
  async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
          const first = await startBoardServer('e1', settings)
          const proxies = await Promise.all(FORMS.map(() => startFaultProxy(first.port)))
          const rig: Rig = { server: first, proxies, epochs: 1 }
          closers.push(
            () => rig.server.close(),
            () => Promise.all(proxies.map(proxy => proxy.close())),
          )
          publish(rig, [1, 1, 1, 1], 0)
          const clients: readonly Connection[] = proxies.map(({ url }, i) =>
            connect(url, { ...FORMS[i], initialDelayMs: 5, maxDelayMs: 20 }),
          )
          closers.push(() => clients.map(each => each.close()))
          for (const wanted of steps) await perform(rig, wanted)
          // The network is well again; nothing resends what was lost on it.
          for (const proxy of proxies) {
            proxy.shape(null)
            proxy.resume()
          }
          for (const each of clients) {
            await reaches(each, rig.server.board)
            expect(each.counts).toMatchObject({ mismatches: 0, malformed: 0 })
            for (const panel of each.board?.panels.values() ?? []) expect(panelHash(panel)).toBe(panel.hash)
          }
        })
        .afterEach(closeAll),
      // A client that never gets there fails its run, which names it.
      {
        timeout: 20_000,
        numRuns: RUNS,
        seed: SEED,
        interruptAfterTimeLimit: 50_000 * Math.max(1, RUNS / 25),
      },
    )
  },
  60_000 * Math.max(1, RUNS / 25),
)
