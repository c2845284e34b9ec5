// Servers of the relay that share their answers over one real Redis, each behind a bad connection of its own. All times are a tenth
// of the real ones.
import { createFleetLimits, type FleetLimits, PLACE_TIMES } from '../../src/chat/limits/fleet-limits.js'
import { createChatLimits } from '../../src/chat/limits/limits.js'
import { noKeys } from '../../src/chat/ports.js'
import { type Engine, SHARED_TIMES, type SharedTimes } from '../../src/chat/shared/engine.js'
import { SharedStore } from '../../src/chat/shared/store.js'
import { systemClock } from '../../src/clock/clock.js'
import { systemTimers } from '../../src/clock/timers.js'
import type { Rate } from '../../src/config/kinds/numbers.js'
import { CLEAR, type Seal } from '../../src/fleet/seal.js'
import { LANE_TIMES } from '../../src/redis/lane.js'
import { type Link, openLink } from '../../src/redis/link.js'
import { type ChatRig, type ChatRigOptions, DEFAULTS, startChatRig } from './chat-rig.js'
import { eventually } from './eventually.js'
import { type FaultProxy, startFaultProxy } from './fault-proxy.js'
import type { RedisServer } from './redis-server.js'

const tenth = <T extends Readonly<Record<string, number>>>(times: T, keep: readonly string[]): T =>
  Object.fromEntries(
    Object.entries(times).map(([name, ms]) => [name, keep.includes(name) ? ms : ms / 10]),
  ) as T

export const TENTH: SharedTimes = {
  ...tenth(SHARED_TIMES, ['rareTicks', 'againMs', 'closeMs', 'joinMs', 'claimMs']),
  // All share one busy processor with other tests.
  deadMs: SHARED_TIMES.deadMs / 6,
}
export const PLACES = { leaseMs: PLACE_TIMES.leaseMs / 20, renewMs: PLACE_TIMES.renewMs / 20 }
const LANES = { ...tenth(LANE_TIMES, ['connectMs']), deadlineMs: LANE_TIMES.deadlineMs / 3 }

export type ChatNodeOptions = Omit<ChatRigOptions, 'store'> & {
  readonly fleet?: string
  readonly seal?: Seal
  /** The limits of the program, over all nodes; without it the double of the rig. */
  readonly limits?: {
    readonly rate: Rate
    readonly live: number
    readonly onStart: (key: string, isAccepted: boolean) => void
    /** Redis did not decide. */
    readonly onLocal: (node: string) => void
  }
}

export class ChatNode {
  static #count = 0
  /** What the store reported as a fault: none is expected. */
  readonly faults: string[] = []
  buried = 0
  readonly unshared: string[] = []
  /** Its keys open what others wrote, as far as it knows. */
  isReadable = true
  #isClosed = false

  private constructor(
    readonly fleet: string,
    readonly id: string,
    readonly rig: ChatRig,
    readonly store: SharedStore,
    readonly limits: FleetLimits | null,
    readonly link: Link,
    readonly proxy: FaultProxy,
  ) {}

  static async start(
    redis: RedisServer,
    { fleet = 'test', seal = CLEAR, limits: limited, ...options }: ChatNodeOptions = {},
  ): Promise<ChatNode> {
    const proxy = await startFaultProxy(redis.path)
    const id = `node${ChatNode.#count++}`
    const monotonicMs = () => performance.now()
    const at = { host: '127.0.0.1', port: proxy.port }
    const link = await openLink({
      address: { kind: 'single', at, tls: false, db: 0, username: null, password: null },
      monotonicMs,
      times: LANES,
    })
    let node: ChatNode | null = null
    let rig: ChatRig | null = null
    const onFault = (what: string, error: unknown) =>
      void node?.faults.push(`${id} ${what}: ${String(error)}`)
    const store = new SharedStore({
      fleet,
      db: 0,
      seal,
      logBytes: () => 4 * 1024 * 1024,
      ttl: () => ({ liveMs: 60_000, endedMs: 30_000 }),
      newFence: () => crypto.randomUUID(),
      times: TENTH,
      observer: {
        onBuried: () => {
          if (node !== null) node.buried++
        },
        onReadable: isReadable => {
          if (node !== null) node.isReadable = isReadable
        },
        onUnshared: why => node?.unshared.push(why),
        onFault,
      },
    })
    // A command notices soon enough that Redis is gone.
    const engine = { link, node: id, fleet, db: 0, isGone: false, nodes: 3 }
    const limits = limited === undefined ? null : limitsOf(engine, limited, onFault)
    rig = await startChatRig({ ...options, store, ...(limits === null ? {} : { realLimits: limits }) })
    node = new ChatNode(fleet, id, rig, store, limits, link, proxy)
    store.join(engine)
    void link.bulk
    await eventually(() => link.commands.isUp && link.bulk.isUp && link.isListening, 'the link is up')
    return node
  }

  /** As a crash: Redis hears nothing more of it. */
  async kill(): Promise<void> {
    this.link.close()
    await this.close()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.rig.close()
    this.limits?.close()
    this.link.close()
    await this.proxy.close()
  }
}

function limitsOf(
  engine: Engine,
  { rate, live, onStart, onLocal }: NonNullable<ChatNodeOptions['limits']>,
  onFault: (what: string, error: unknown) => void,
): FleetLimits {
  const values = { ...DEFAULTS, chatRate: rate, chatMaxStreamsPerUser: live, redisRequired: false }
  const settings = () => values
  const limits = createFleetLimits({
    local: createChatLimits({ settings }),
    keys: noKeys,
    settings,
    engine: () => engine,
    clock: systemClock,
    timers: systemTimers,
    times: PLACES,
    onLocal: () => onLocal(engine.node),
    onFault,
  })
  const { start } = limits
  return Object.assign(limits, {
    start: async (caller: Parameters<typeof start>[0]) => {
      const verdict = await start(caller)
      onStart(caller.key, verdict.ok)
      return verdict
    },
  })
}
