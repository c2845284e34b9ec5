// The blocks of the curated mode, by importance: panels of the board, and short blocks for provider, data quality, memory and
// heartbeat.

import { shortDuration } from '../../../display/age.js'
import type { CycleResult } from '../../../engine/cycle.js'
import { field, fields, numberCell, textCell } from '../../../panels/cells.js'
import { MISSING, plainNumber, timeOfDay, withUnit } from '../../../panels/format.js'
import { highIsBad, memoryLevel, memoryTone } from '../../../panels/judge.js'
import { makePanel } from '../../../panels/lines.js'
import type { Block, Panel } from '../../../panels/panel.js'
import type { Thresholds } from '../../../panels/thresholds.js'
import type { Snapshot } from '../../../snapshot/snapshot.js'
import { freshness, statusAgeSec } from '../draw/freshness.js'

export type CuratedContext = {
  readonly result: CycleResult
  readonly thresholds: Thresholds
  readonly timezone: string
  readonly nowMs: number
  /** When a panel last changed, epoch ms; null when none has. */
  readonly lastChangeMs: number | null
  readonly hideEmpty: boolean
}

/** Most important first. */
const ORDER = [
  'header',
  'cycle',
  'indices',
  'alerts',
  'provider',
  'quality',
  'memory',
  'heartbeat',
  'analytics',
  'followups',
] as const
type CuratedKey = (typeof ORDER)[number]

function providerBlock({ provider }: Snapshot, { thresholds, nowMs }: CuratedContext): Block {
  const latencyTone = highIsBad(
    provider.latencyMs,
    thresholds['provider.latency.warn_ms'],
    thresholds['provider.latency.error_ms'],
  )
  const expired = provider.authExpiryMs !== null && provider.authExpiryMs <= nowMs
  const auth =
    provider.authValid === false ? 'invalid' : expired ? 'expired' : provider.authValid ? 'valid' : null
  return fields(
    field('name', textCell(provider.name)),
    field(
      'latency',
      numberCell(provider.latencyMs, withUnit(plainNumber(provider.latencyMs), 'ms'), latencyTone),
    ),
    field('auth', textCell(auth, auth === null || auth === 'valid' ? undefined : 'error')),
  )
}

function qualityBlock({ indices }: Snapshot, { thresholds }: CuratedContext): Block {
  const scores = indices.map(({ dqPct }) => dqPct).filter(score => score !== null)
  const [warn, error] = [thresholds['dq.warn'], thresholds['dq.error']]
  const underError = scores.filter(score => score < error).length
  const underWarn = scores.filter(score => score < warn).length
  const count = (label: string, value: number, bad: 'warn' | 'error') =>
    field(
      label,
      scores.length === 0 ? { text: MISSING } : numberCell(value, String(value), value > 0 ? bad : 'ok'),
    )
  return fields(
    field('scored', numberCell(scores.length === 0 ? null : scores.length, String(scores.length))),
    count(`under ${plainNumber(warn)}`, underWarn, 'warn'),
    count(`under ${plainNumber(error)}`, underError, 'error'),
  )
}

function memoryBlock({ resources: { memoryMb } }: Snapshot, { thresholds }: CuratedContext): Block {
  const level = memoryMb === null ? null : memoryLevel(memoryMb, thresholds)
  return fields(
    field('memory', numberCell(memoryMb, withUnit(plainNumber(memoryMb, 1), ' MB'))),
    field('level', level === null ? { text: MISSING } : numberCell(level, String(level), memoryTone(level))),
  )
}

function heartbeatBlock(context: CuratedContext): Block {
  const { result, timezone, nowMs, lastChangeMs } = context
  const age = statusAgeSec(result, nowMs)
  const changed =
    lastChangeMs === null
      ? MISSING
      : `${shortDuration(nowMs - lastChangeMs)} ago, ${timeOfDay(lastChangeMs, timezone)}`
  return fields(
    field(
      'status',
      numberCell(
        age,
        age === null ? MISSING : `${shortDuration(age * 1000)} ago`,
        freshness(result, nowMs, timezone).tone,
      ),
    ),
    field('last change', textCell(changed)),
  )
}

function derived(key: CuratedKey, context: CuratedContext): Panel | null {
  const { snapshot } = context.result
  if (key === 'heartbeat') return makePanel(key, 'Heartbeat', [heartbeatBlock(context)])
  if (snapshot === null) return null
  if (key === 'provider') return makePanel(key, 'Provider', [providerBlock(snapshot, context)])
  if (key === 'quality') return makePanel(key, 'Data quality', [qualityBlock(snapshot, context)])
  return key === 'memory' ? makePanel(key, 'Memory', [memoryBlock(snapshot, context)]) : null
}

/** Only missing values, zero counts and empty tables. */
export function isEmpty({ blocks }: Panel): boolean {
  return blocks.every(block => {
    if (block.kind === 'text') return block.text.trim() === '' || block.text === MISSING
    if (block.kind === 'table') return block.rows.length === 0
    return block.items.every(({ text, value }) => text === MISSING || text === '' || value === 0)
  })
}

/** Shown by the blocks above or left out in this mode. */
const NOT_CURATED: ReadonlySet<string> = new Set(['resources', 'storage', 'perfstore', 'links', 'stream'])

/** Most important first; then the panels that only this board has. */
export function curatedBlocks(context: CuratedContext): readonly Panel[] {
  const { panels: given } = context.result.board
  const others = [...given.values()].filter(
    ({ key }) => !ORDER.some(name => name === key) && !NOT_CURATED.has(key),
  )
  // A board of which no panel is known has no provider, scores or memory to speak of.
  const isForeign = others.length > 0 && ORDER.every(key => !given.has(key))
  const panels: Panel[] = []
  for (const key of ORDER) {
    const panel = context.result.board.panels.get(key) ?? derived(key, context)
    const keeps = key === 'header' || key === 'cycle'
    const isShown = keeps || !(context.hideEmpty || isForeign)
    if (panel !== null && (isShown || !isEmpty(panel))) panels.push(panel)
  }
  return [...panels, ...others]
}
