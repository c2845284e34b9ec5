// The dossier: everything known at one moment in one document, for a later analysis. Pure.
import { SCHEMA_VERSION } from '../../board/board.js'
import type { CycleResult } from '../../engine/cycle.js'
import { panelPushMeta } from '../../http/panel-push-meta.js'
import type { HubStats } from '../../hub/hub-types.js'
import { adaptiveStream } from '../../ingest/enrichment.js'
import type { Snapshot } from '../../snapshot/snapshot.js'

/** The names of members, at any depth, whose values are maps with names from outside (indices, metrics, components). */
type MapMembers<T> = T extends readonly (infer Item)[]
  ? MapMembers<Item>
  : T extends object
    ? { [Name in keyof T & string]: MapMemberAt<Name, NonNullable<T[Name]>> }[keyof T & string]
    : never

type MapMemberAt<Name, Value> = Value extends readonly (infer Item)[]
  ? MapMembers<Item>
  : Value extends object
    ? string extends keyof Value
      ? Name
      : MapMembers<Value>
    : never

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** A copy with all members renamed: `startedAtMs` becomes `started_at_ms`. The value of a member in `maps` stays as it is. */
export function snakeMembers(value: object, maps: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  const renamed = (member: unknown): unknown => {
    if (Array.isArray(member)) return member.map(renamed)
    return typeof member === 'object' && member !== null ? snakeMembers(member, maps) : member
  }
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    snakeCase(name),
    maps.has(name) ? member : renamed(member),
  ])
  return Object.fromEntries(entries)
}

type Shown = Omit<Snapshot, 'raw' | 'origins'>

/** The maps whose names come from the status and must not be renamed. The type enforces that none is missing. */
const MAPS_OF_SNAPSHOT: Readonly<Record<MapMembers<Shown>, true>> = {
  bySeverity: true,
  maxPain: true,
  csv: true,
  influxdb: true,
  backup: true,
  perf: true,
  health: true,
  links: true,
  omitted: true,
}
const MAPS: ReadonlySet<string> = new Set(Object.keys(MAPS_OF_SNAPSHOT))

function snapshotMembers(snapshot: Snapshot | null) {
  if (snapshot === null) return { snapshot: null, origins: {} }
  const { raw: _, origins, ...shown } = snapshot
  const paths = Object.entries(origins).map(([field, path]) => [snakeCase(field), path])
  return { snapshot: snakeMembers(shown satisfies Shown, MAPS), origins: Object.fromEntries(paths) }
}

function statisticsOf({ timing: _, ingest: __, hitRatio5m, ...counts }: CycleResult['stats']) {
  return { ...snakeMembers(counts, new Set()), hit_ratio_5m: hitRatio5m }
}

/** `hub` is null when nothing is streamed. */
export function dossierDocument(result: CycleResult, hub: HubStats | null) {
  const { board, snapshot, source, stats } = result
  const meta = panelPushMeta(result, hub)
  const adaptive = adaptiveStream(stats.ingest ?? [])
  return {
    schema_version: SCHEMA_VERSION,
    epoch: board.epoch,
    generation: board.generation,
    cycle: board.cycle,
    ts: board.builtAtMs / 1000,
    updated_at: new Date(board.builtAtMs).toISOString(),
    source: { state: source.state, age_sec: source.ageSec, error: source.error },
    ...(board.verdict === null ? {} : { verdict: board.verdict }),
    ...snapshotMembers(snapshot),
    panel_hashes: meta.shared_hashes,
    statistics: statisticsOf(stats),
    timing: meta.timing,
    panel_push_meta: meta,
    ...(adaptive === null ? {} : { adaptive_stream: adaptive }),
  }
}
