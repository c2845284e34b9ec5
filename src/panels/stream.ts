// Stream: the state of the followed status streams; only where there are any.
import type { IngestConnection } from '../ingest/enrichment.js'
import type { StreamHealth } from '../ingest/heartbeat.js'
import type { IngestView } from '../ingest/view.js'
import { field, fields, numberCell, textCell } from './cells.js'
import { definePanel } from './definition.js'
import { plainNumber } from './format.js'
import type { Block, Tone } from './panel.js'

const HEALTH: Readonly<Record<StreamHealth, Tone>> = { init: 'muted', ok: 'ok', warn: 'warn', stale: 'error' }
const CONNECTION: Readonly<Record<IngestConnection, Tone>> = {
  connecting: 'info',
  live: 'ok',
  lost: 'error',
  closed: 'warn',
}

function block(view: IngestView): Block {
  const count = (value: number | null) => numberCell(value, plainNumber(value))
  const dropped = view.diffsDropped
  return fields(
    field('source', textCell(view.source)),
    field('connection', textCell(view.connection, CONNECTION[view.connection])),
    field('health', textCell(view.health, HEALTH[view.health])),
    field('generation', count(view.generation)),
    field('full', count(view.fulls)),
    field('diffs_applied', count(view.diffsApplied)),
    field('diffs_dropped', numberCell(dropped, plainNumber(dropped), dropped > 0 ? 'info' : undefined)),
    ...(view.needFull ? [field('need_full', textCell(view.needFullReasons.join(', '), 'warn'))] : []),
    ...(view.degraded === null ? [] : [field('degraded', textCell(view.degraded, 'warn'))]),
    ...(view.instead === null ? [] : [field('shown_instead', textCell(view.instead, 'warn'))]),
    ...(view.error === null ? [] : [field('error', textCell(view.error))]),
  )
}

export const stream = definePanel({
  key: 'stream',
  title: 'Stream',
  order: 100,
  stability: 'stable',
  reads: [],
  shown: ({ ingest = [] }) => ingest.length > 0,
  build: ({ ingest = [] }) => ingest.map(block),
})
