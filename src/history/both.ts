// Near and far history as one answer. A span that begins before the near one has steps of whole minutes, and what is known of each is put
// together: near history has the seconds of this server, far history the minutes of all before. So there is no seam.
import { WINDOW_SEC } from '../display/series.js'
import type { HistoryDocument } from '../protocol/history.js'
import type { FarHistory } from './far/far.js'
import type { FarValues } from './far/messages.js'
import type { NearHistory } from './near.js'
import { pastDocument } from './past.js'
import type { Span } from './span.js'

const MINUTE_SEC = 60
const downToMinute = (second: number): number => Math.floor(second / MINUTE_SEC) * MINUTE_SEC

/** The same times in whole minutes; the last one may still be open. */
export function spanOfMinutes({ fromSec, toSec, stepSec }: Span, nowSec: number): Span {
  return {
    fromSec: downToMinute(fromSec),
    toSec: Math.min(downToMinute(toSec) + MINUTE_SEC - 1, Math.max(toSec, nowSec)),
    stepSec: Math.ceil(stepSec / MINUTE_SEC) * MINUTE_SEC,
  }
}

export type Both = { readonly near: NearHistory; readonly far: Pick<FarHistory, 'read' | 'oldestMs'> | null }

export async function wholeDocument(
  { near, far }: Both,
  names: readonly string[],
  asked: Span,
  nowMs: number,
): Promise<HistoryDocument> {
  const nowSec = Math.floor(nowMs / 1000)
  if (far === null || asked.fromSec >= nowSec - WINDOW_SEC) return pastDocument(near, names, asked, nowMs)
  const span = spanOfMinutes(asked, nowSec)
  const { fromSec, toSec, stepSec } = span
  const steps = Math.ceil((toSec - fromSec + 1) / stepSec)
  const found = near.idsOf(names).map(({ name, id }) => ({ name, id: id ?? name }))
  const stored = await far.read({
    ids: found.map(({ id }) => id),
    fromMinute: fromSec / MINUTE_SEC,
    stepMinutes: stepSec / MINUTE_SEC,
    steps,
  })
  const known = new Set(near.idsOf(['*']).map(({ id }) => id))
  const both = found.map(({ name, id }, i) => {
    const values = stored?.[i] ?? null
    return { name, series: values === null && !known.has(id) ? null : joined(near, id, values, span, steps) }
  })
  const since = [far.oldestMs, near.sinceMs(nowMs)].filter(each => each !== null)
  return {
    schema_version: 'v1',
    from: fromSec * 1000,
    to: toSec * 1000,
    step_sec: stepSec,
    since: since.length === 0 ? null : Math.min(...since),
    series: both.flatMap(({ series }) => (series === null ? [] : [series])),
    unknown: both.flatMap(({ name, series }) => (series === null ? [name] : [])),
  }
}

type Joined = {
  readonly id: string
  values: (number | null)[]
  min: (number | null)[]
  max: (number | null)[]
}

function joined(
  near: NearHistory,
  id: string,
  far: FarValues,
  { fromSec, stepSec }: Span,
  steps: number,
): Joined {
  const series: Joined = { id, values: [], min: [], max: [] }
  for (let i = 0; i < steps; i++) {
    const begin = fromSec + i * stepSec
    const own = near.over(id, begin, begin + stepSec - 1)
    const last = far?.last[i] ?? Number.NaN
    const isStored = far !== null && !Number.isNaN(last)
    series.values.push(own?.last ?? (isStored ? last : null))
    series.min.push(either(own?.min, isStored ? far.min[i] : undefined, Math.min))
    series.max.push(either(own?.max, isStored ? far.max[i] : undefined, Math.max))
  }
  return series
}

function either(
  a: number | undefined,
  b: number | undefined,
  of: (a: number, b: number) => number,
): number | null {
  if (a === undefined || b === undefined) return a ?? b ?? null
  return of(a, b)
}
