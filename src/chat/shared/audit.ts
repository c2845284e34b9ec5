// The audit trails of a fleet. Each node has a chain of its own, since a chain needs one writer. Shared are the signed heads: each node
// writes those of the others into its own chain at its start and hourly (src/chat/audit/witness.ts).
//
// Cost: one script call every 10 s. While Redis is gone nothing is kept in memory: the next call has the newest head.
import type { Timers } from '../../clock/timers.js'
import { EngineError } from '../../redis/connection.js'
import type { SharedTrail } from '../audit/trail.js'
import type { Engine } from './engine.js'
import { shareHead } from './heads.js'

export type AuditTimes = {
  /** Between two looks. */
  readonly tickMs: number
  /** Between two records of what was witnessed. */
  readonly witnessMs: number
}

export const AUDIT_TIMES: AuditTimes = { tickMs: 10_000, witnessMs: 3_600_000 }

export type SharedAuditParts = {
  readonly engine: () => Pick<Engine, 'link' | 'fleet' | 'node' | 'isGone'> | null
  readonly trail: SharedTrail
  readonly monotonicMs: () => number
  readonly timers: Timers
  readonly times?: AuditTimes
  readonly onFault?: (what: string, error: unknown) => void
}

/** Host and port: a node has another id after each start. */
export function instanceOf(node: string): string {
  return node.replace(/\.[0-9a-f]{8}$/, '')
}

/** Returns the function that ends it, before the trail closes. */
export function shareAudit(parts: SharedAuditParts): () => void {
  const { engine: engineOf, trail, monotonicMs, timers, times = AUDIT_TIMES, onFault } = parts
  let witnessedMs: number | null = null
  let isOver = false
  let cancel = (): void => {}

  const look = async (): Promise<void> => {
    const engine = engineOf()
    if (engine === null || engine.isGone) return
    const { link, fleet, node } = engine
    const instance = instanceOf(node)
    const head = await trail.head()
    const isFirst = witnessedMs === null
    const isDue = witnessedMs === null || monotonicMs() - witnessedMs >= times.witnessMs
    const own = head === null ? null : { ...head, instance }
    const others = await shareHead(link.run, fleet, node, own, isDue)
    if (!isDue || isOver) return
    // The first says whose chain it is, so that what others witnessed of this server is compared with it.
    if (isFirst || others.length > 0) trail.witness(instance, others)
    witnessedMs = monotonicMs()
  }
  const tick = (): void => {
    look()
      .catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.fault === 'refused') onFault?.('audit', error)
      })
      .finally(() => {
        if (!isOver) cancel = timers.after(times.tickMs, tick)
      })
  }
  tick()
  return () => {
    isOver = true
    cancel()
  }
}
