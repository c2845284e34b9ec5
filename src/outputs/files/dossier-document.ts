// The dossier: everything known at one moment in one document, for whoever has to understand it afterwards. Pure.
import { SCHEMA_VERSION } from '../../board/board.js'
import type { CycleResult } from '../../engine/cycle.js'
import { adaptiveStream, panelPushMeta } from '../../ingest/enrichment.js'

export function dossierDocument({ board, snapshot, source, stats }: CycleResult) {
  const { raw: _, origins, ...shown } = snapshot ?? { raw: null, origins: {} }
  const { timing, ingest = [], ...counts } = stats
  const [primary] = ingest
  return {
    schema_version: SCHEMA_VERSION,
    epoch: board.epoch,
    generation: board.generation,
    cycle: board.cycle,
    ts: board.builtAtMs / 1000,
    updated_at: new Date(board.builtAtMs).toISOString(),
    source: { state: source.state, age_sec: source.ageSec, error: source.error },
    snapshot: snapshot === null ? null : shown,
    origins,
    panel_hashes: Object.fromEntries([...board.panels.values()].map(({ key, hash }) => [key, hash])),
    statistics: counts,
    timing: timing(),
    ...(primary === undefined
      ? {}
      : { panel_push_meta: panelPushMeta(primary), adaptive_stream: adaptiveStream(primary) }),
  }
}
