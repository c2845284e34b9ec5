// Servers of the relay that share their answers over one real Redis, each behind a bad connection of its own. All times are a tenth
// of the real ones.
import { SHARED_TIMES, type SharedTimes } from '../../src/chat/shared/engine.js'
import { SharedStore } from '../../src/chat/shared/store.js'
import { CLEAR, type Seal } from '../../src/fleet/seal.js'
import { LANE_TIMES } from '../../src/redis/lane.js'
import { type Link, openLink } from '../../src/redis/link.js'
import { type ChatRig, type ChatRigOptions, startChatRig } from './chat-rig.js'
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
const LANES = { ...tenth(LANE_TIMES, ['connectMs']), deadlineMs: LANE_TIMES.deadlineMs / 3 }

export type ChatNodeOptions = Omit<ChatRigOptions, 'store'> & {
  readonly fleet?: string
  readonly seal?: Seal
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
    readonly link: Link,
    readonly proxy: FaultProxy,
  ) {}

  static async start(
    redis: RedisServer,
    { fleet = 'test', seal = CLEAR, ...options }: ChatNodeOptions = {},
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
        onFault: (what, error) => node?.faults.push(`${id} ${what}: ${String(error)}`),
      },
    })
    rig = await startChatRig({ ...options, store })
    node = new ChatNode(fleet, id, rig, store, link, proxy)
    store.join({
      link,
      node: id,
      fleet,
      db: 0,
      // A command says so soon enough.
      isGone: false,
      nodes: 3,
    })
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
    this.link.close()
    await this.proxy.close()
  }
}
