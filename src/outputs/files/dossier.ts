// The dossier as an output: one file, replaced as a whole, at most once per interval.
import { basename, dirname, join } from 'node:path'
import type { CycleResult, Output } from '../../engine/cycle.js'
import { type AtomicEdge, writeAtomically } from '../../files/atomic.js'
import { createWriterLock } from '../../files/writer-lock.js'
import type { HubStats } from '../../hub/hub-types.js'
import type { Log } from '../../log/log.js'
import { dossierDocument } from './dossier-document.js'
import { FaultLog } from './fault-log.js'
import { Ownership } from './ownership.js'

export type DossierOptions = {
  readonly path: string
  readonly intervalMs: number
  readonly monotonicMs: () => number
  /** Null when nothing is streamed. */
  readonly hubStats: () => HubStats | null
  readonly log: Log
  readonly onFault?: () => void
  readonly edge?: AtomicEdge
}

export function createDossierOutput(options: DossierOptions): Output {
  const { path, intervalMs, monotonicMs, hubStats, log, edge } = options
  const onFault = (): void => options.onFault?.()
  const faults = new FaultLog(log, dirname(path), onFault)
  const name = basename(path)
  const ownership = new Ownership({
    lock: createWriterLock(join(dirname(path), `.${name}.lock`)),
    place: { folder: dirname(path), file: name },
    remedy: 'G6_SUMMARY_DOSSIER_PATH names another file',
    log,
    onFault,
  })
  let lastMs = Number.NEGATIVE_INFINITY
  let waiting: CycleResult | null = null

  async function write(result: CycleResult): Promise<void> {
    waiting = null
    if (!(await ownership.mayWrite())) return
    lastMs = monotonicMs()
    try {
      const document = dossierDocument(result, hubStats())
      await writeAtomically(path, `${JSON.stringify(document, null, 2)}\n`, edge)
      faults.written(name)
    } catch (error) {
      // The next cycle tries again, not the next interval.
      lastMs = Number.NEGATIVE_INFINITY
      faults.failed(name, error)
    }
  }

  return {
    name: 'dossier',
    async publish(result) {
      if (monotonicMs() - lastMs >= intervalMs) await write(result)
      else waiting = result
    },
    async close() {
      if (waiting !== null) await write(waiting)
      await ownership.release()
    },
  }
}
