// An audit trail that is begun when it is first needed, so that a server whose relay is off touches nothing of it.
import type { AuditTrail } from '../ports.js'
import type { StartedTrail } from './trail.js'

export type LateTrail = AuditTrail & {
  /** Begins it, once; resolves when it was tried once. Never rejects. */
  start(): Promise<void>
}

/** `isRequired`: what holds for starts before it was begun. */
export function lateTrail(begin: () => StartedTrail, isRequired: () => boolean): LateTrail {
  let trail: StartedTrail | null = null
  const started = (): StartedTrail => {
    trail ??= begin()
    return trail
  }
  return {
    start: () => started().opened,
    record: entry => started().record(entry),
    canStart: () => trail?.canStart() ?? !isRequired(),
    close: async () => trail?.close(),
  }
}
