// The audit trails of a fleet. Each node has a chain of its own, since a chain needs one writer. Shared are
//
//   signed heads     each node writes those of the others into its own chain at its start and hourly (src/chat/audit/witness.ts)
//   erasures         each node carries out every request, once, also one made while it was away (src/chat/audit/erasure-requests.ts)
//
// Cost: two script calls and one question to the thread of the trail every 10 s. While Redis is gone nothing is kept in memory: the
// database has the requests, and the next call has the newest head.
import type { Timers } from '../../clock/timers.js'
import type { Log } from '../../log/log.js'
import { EngineError } from '../../redis/connection.js'
import type { CarriedOut, ErasureRequest } from '../audit/erasure-requests.js'
import type { SharedTrail } from '../audit/trail.js'
import type { Engine } from './engine.js'
import { pageOfErasures, putErasures } from './erasures.js'
import { shareHead } from './heads.js'

export type AuditTimes = {
  /** Between two looks. */
  readonly tickMs: number
  /** Between two records of what was witnessed, and between two readings of all requests. */
  readonly witnessMs: number
}

export const AUDIT_TIMES: AuditTimes = { tickMs: 10_000, witnessMs: 3_600_000 }

type AuditEngine = Pick<Engine, 'link' | 'fleet' | 'node' | 'isGone'>

export type SharedAuditParts = {
  readonly engine: () => AuditEngine | null
  readonly trail: SharedTrail
  readonly monotonicMs: () => number
  readonly timers: Timers
  readonly times?: AuditTimes
  readonly log: Log
  readonly onFault?: (what: string, error: unknown) => void
}

/** Host and port: a node has another id after each start. */
export function instanceOf(node: string): string {
  return node.replace(/\.[0-9a-f]{8}$/, '')
}

/** Returns the function that ends it, before the trail closes. */
export function shareAudit(parts: SharedAuditParts): () => void {
  const { engine: engineOf, timers, times = AUDIT_TIMES, onFault } = parts
  const sharing = new SharedAudit(parts)
  let cancel = (): void => {}
  const tick = (): void => {
    const engine = engineOf()
    const looked = engine === null || engine.isGone ? Promise.resolve() : sharing.look(engine)
    looked
      .catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.fault === 'refused') onFault?.('audit', error)
      })
      .finally(() => {
        if (!sharing.isOver) cancel = timers.after(times.tickMs, tick)
      })
  }
  tick()
  return () => {
    sharing.isOver = true
    cancel()
  }
}

class SharedAudit {
  isOver = false
  readonly #parts: SharedAuditParts
  /** Null: it has seen no other server yet, and looks each time. */
  #witnessedMs: number | null = null
  #isNamed = false
  /** The last entry of the stream that was read; empty: none. */
  #position = ''
  /** Requests that this Redis has. */
  readonly #inRedis = new Set<string>()
  /** Requests that could not be carried out, and why, so that each is logged once. */
  readonly #refused = new Map<string, CarriedOut>()

  constructor(parts: SharedAuditParts) {
    this.#parts = parts
  }

  async look(engine: AuditEngine): Promise<void> {
    const { monotonicMs, times = AUDIT_TIMES } = this.#parts
    const isDue = this.#witnessedMs === null || monotonicMs() - this.#witnessedMs >= times.witnessMs
    // All are read again: a Redis that forgot, or another one, may have had some before the position.
    if (isDue) this.#position = ''
    await this.#shareErasures(engine)
    if (!this.isOver) await this.#shareHeads(engine, isDue)
  }

  async #shareHeads({ link, fleet, node }: AuditEngine, isDue: boolean): Promise<void> {
    const { trail, monotonicMs } = this.#parts
    const instance = instanceOf(node)
    const head = await trail.head()
    const own = head === null ? null : { ...head, instance }
    const others = await shareHead(link.run, fleet, node, own, isDue)
    if (!isDue || this.isOver) return
    // The first says whose chain it is, so that what others witnessed of this server is compared with it.
    if (!this.#isNamed || others.length > 0) trail.witness(instance, others)
    this.#isNamed = true
    if (others.length > 0) this.#witnessedMs = monotonicMs()
  }

  async #shareErasures({ link, fleet }: AuditEngine): Promise<void> {
    const { trail } = this.#parts
    for (let isWhole = false; !isWhole; ) {
      if (this.#position === '') this.#inRedis.clear()
      const page = await pageOfErasures(link.run, fleet, this.#position)
      if (this.isOver || !(await this.#carryOut(page.requests))) return
      for (const { id } of page.requests) this.#inRedis.add(id)
      this.#position = page.last
      isWhole = page.isWhole
      // Redis forgot some.
      if (isWhole && page.count < this.#inRedis.size) {
        this.#position = ''
        isWhole = false
      }
    }
    const known = this.isOver ? null : await trail.requests()
    const lacking = known?.filter(({ id }) => !this.#inRedis.has(id)) ?? []
    if (lacking.length > 0) await putErasures(link.run, fleet, lacking)
  }

  /** False: the store is unavailable. */
  async #carryOut(requests: readonly ErasureRequest[]): Promise<boolean> {
    const { trail, log } = this.#parts
    if (requests.length === 0) return true
    const answers = await trail.carryOut(requests)
    for (const [i, answer] of answers?.entries() ?? []) {
      const request = requests[i]?.id ?? ''
      if (answer === 'done') log.info({ request }, 'a request of the fleet to erase a person was carried out')
      if (answer === 'done' || answer === 'known') this.#refused.delete(request)
      else if (this.#refused.get(request) !== answer && this.#refused.size < MOST_REFUSED) {
        this.#refused.set(request, answer)
        log.error(
          { request, why: REFUSED_TEXT[answer] },
          'a request of the fleet to erase a person was not carried out',
        )
      }
    }
    return answers !== null
  }
}

/** Anybody who writes to this Redis can add requests that are not signed: no more lines of the log than this. */
const MOST_REFUSED = 100

const REFUSED_TEXT = {
  foreign:
    'it is signed with another key: G6_AUDIT_KEY must be the same at all servers of a fleet; run g6 audit erase here',
  changed: 'rows that find the person were changed from outside; run g6 audit verify',
} as const
