// The state of a followed status stream: a pure reducer without connections. The ingestor (sources/sse.ts) acts on `needFull`.
//
// A difference is valid for one baseline. A break in the chain (a gap in ids, another stream, another generation, a truncated
// or malformed difference) drops it and every later one until a full status. Meanwhile the last good baseline is shown, and
// `needFull` is set.
//
// A producer without `stream_id` cannot announce a restart, and its ids begin at 1 again. So nothing on a new connection
// continues the old one (`rejoined`), a falling id is a restart, and a difference made from other values than the baseline's
// is dropped.
import type { SeverityCounts, SeverityState } from '../protocol/status-events.js'
import type { Status } from '../snapshot/reading.js'
import { fitsBaseline } from './fits.js'
import { type FollowUp, followUp, withFollowUp } from './followups.js'
import { deepFreeze } from './json.js'
import { mergeDiff } from './merge.js'
import type { StatusEvent } from './parse.js'

export const DROP_REASONS = [
  'no_baseline',
  'generation',
  'gap',
  'truncated',
  'malformed',
  'degraded',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

/** Why a full status is needed; callers may add reasons of their own. */
export type NeedFullReason =
  | DropReason
  | 'stream_id'
  /** Reconnected to a producer without `stream_id`, which may have restarted. */
  | 'reconnect'
  /** Its ids have fallen. */
  | 'restart'
  /** A difference was made from other values than the baseline has. */
  | 'other_baseline'
  /** The producer repeats an old full status. */
  | 'repeated'
  /** No event for too long. */
  | 'stale'
  | (string & {})

/** Reasons that a request cannot remove: the producer would repeat its last full status. Its next one removes them. */
const NOT_ASKED_FOR: ReadonlySet<NeedFullReason> = new Set(['degraded', 'repeated'])

/** Whether a request for a full status may help. */
export function isWorthAsking({ needFull, needFullReasons }: PanelState): boolean {
  return needFull && needFullReasons.some(reason => !NOT_ASKED_FOR.has(reason))
}

/** Limit of kept alert types; the one that changed longest ago is dropped first. */
export const MAX_ALERT_TYPES = 64
/** Largest status that differences may build, characters of JSON. */
export const MAX_BASELINE_CHARS = 32 * 1024 * 1024
/** Reasons kept until a full status comes. */
const MAX_REASONS = 16

export type PanelState = {
  /** The newest status, deep-frozen; null before the first. */
  readonly baseline: Status | null
  /** The baseline is the producer's newest: differences may be applied to it. */
  readonly inStep: boolean
  /** The baseline was sent to this connection ahead of the history: older differences may follow it. */
  readonly beforeHistory: boolean
  /** Why the producer omits differences; null while it sends them. */
  readonly degraded: string | null
  /** The producer's. */
  readonly generation: number | null
  /** Counts the events applied. */
  readonly uiGeneration: number
  readonly streamId: string | null
  readonly lastId: number | null
  /** Size of the last full status as received, bytes. */
  readonly sizeBytes: number
  /** The baseline is no larger than this, characters of JSON. */
  readonly atMostChars: number
  readonly panelFull: number
  readonly panelDiffApplied: number
  readonly panelDiffDropped: number
  readonly droppedBy: Readonly<Record<DropReason, number>>
  readonly malformed: number
  readonly needFull: boolean
  readonly needFullReasons: readonly NeedFullReason[]
  readonly severityCounts: SeverityCounts | null
  readonly severityState: ReadonlyMap<string, SeverityState>
  /** Newest first. */
  readonly followUps: readonly FollowUp[]
  readonly lastEventMs: number | null
  readonly lastFullMs: number | null
  readonly lastDiffMs: number | null
  /** Includes keep-alives. */
  readonly lastByteMs: number | null
}

export const EMPTY_STATE: PanelState = {
  baseline: null,
  inStep: false,
  beforeHistory: false,
  degraded: null,
  generation: null,
  uiGeneration: 0,
  streamId: null,
  lastId: null,
  sizeBytes: 0,
  atMostChars: 0,
  panelFull: 0,
  panelDiffApplied: 0,
  panelDiffDropped: 0,
  droppedBy: { no_baseline: 0, generation: 0, gap: 0, truncated: 0, malformed: 0, degraded: 0 },
  malformed: 0,
  needFull: false,
  needFullReasons: [],
  severityCounts: null,
  severityState: new Map(),
  followUps: [],
  lastEventMs: null,
  lastFullMs: null,
  lastDiffMs: null,
  lastByteMs: null,
}

/** The state with its times moved by `byMs`; the same object for 0. */
export function movedTimes(state: PanelState, byMs: number): PanelState {
  if (byMs === 0) return state
  const moved = (ms: number | null): number | null => (ms === null ? null : ms + byMs)
  const { lastEventMs, lastFullMs, lastDiffMs, lastByteMs } = state
  return {
    ...state,
    lastEventMs: moved(lastEventMs),
    lastFullMs: moved(lastFullMs),
    lastDiffMs: moved(lastDiffMs),
    lastByteMs: moved(lastByteMs),
  }
}

export type ReduceOptions = {
  /** False: only some types are requested, so gaps in ids are normal. */
  readonly idsAreDense?: boolean
  /** How far the producer's clock is ahead of this one. */
  readonly producerAheadMs?: number
}

/** A status published less than this ago counts as new: `Date` headers are no more exact. */
const NEW_MS = 1_000

/** The state after one event. */
export function reduce(
  state: PanelState,
  event: StatusEvent,
  nowMs: number,
  options: ReduceOptions = {},
): PanelState {
  const touched = receivedBytes(state, nowMs)
  const { id } = event.place
  if (isReplay(touched, event)) return touched
  const before = hasGoneBack(touched, event) ? wantFull(withoutRun(touched), 'restart') : touched
  const next = apply(before, event, nowMs, options)
  return id === null ? next : { ...next, lastId: id }
}

/** When a status or difference was published, by this clock; `nowMs` unless it is known to be older. */
function publishedAtMs(
  publishedMs: number | null,
  nowMs: number,
  { producerAheadMs = 0 }: ReduceOptions,
): number {
  if (publishedMs === null) return nowMs
  const atMs = publishedMs - producerAheadMs
  return nowMs - atMs < NEW_MS ? nowMs : atMs
}

/**
 * The state on a new connection. Only a `stream_id` shows whether the producer has restarted. Without one, nothing received
 * now continues the baseline, and the severities may be those of an earlier run.
 */
export function rejoined(state: PanelState): PanelState {
  if (state.streamId !== null) return state
  const next = { ...withoutRun(state), lastId: null }
  return state.baseline === null ? next : wantFull(next, 'reconnect')
}

/** The producer may have restarted: the baseline may be shown, but no difference may be applied to it. */
function withoutRun(state: PanelState): PanelState {
  return {
    ...state,
    inStep: false,
    beforeHistory: false,
    degraded: null,
    severityCounts: null,
    severityState: EMPTY_STATE.severityState,
  }
}

export function receivedBytes(state: PanelState, nowMs: number): PanelState {
  return { ...state, lastByteMs: nowMs }
}

export function wantFull(state: PanelState, reason: NeedFullReason): PanelState {
  if (state.needFullReasons.includes(reason)) return { ...state, needFull: true }
  const needFullReasons = [...state.needFullReasons, reason].slice(0, MAX_REASONS)
  return { ...state, needFull: true, needFullReasons }
}

/** An event was dropped unread (it was too large): the chain is broken. */
export function lostEvent(state: PanelState, reason: NeedFullReason): PanelState {
  return { ...wantFull(state, reason), inStep: false }
}

/** An event of the same stream that was received before. */
function isReplay(state: PanelState, { type, place }: StatusEvent): boolean {
  if (type === 'panel_full' || place.id === null || state.lastId === null) return false
  return place.id <= state.lastId && state.streamId !== null && !isOtherStream(state, place.streamId)
}

/** Without a `stream_id`, a smaller id is the only sign of a restart behind a proxy that keeps the connection open. */
function hasGoneBack(state: PanelState, { place }: StatusEvent): boolean {
  if (place.id === null || state.lastId === null) return false
  return place.id <= state.lastId && place.streamId === null && state.streamId === null
}

function isOtherStream(state: PanelState, streamId: string | null): boolean {
  return streamId !== null && state.streamId !== null && streamId !== state.streamId
}

function apply(state: PanelState, event: StatusEvent, nowMs: number, options: ReduceOptions): PanelState {
  switch (event.type) {
    case 'panel_full':
      return applyFull(state, event, publishedAtMs(event.publishedMs, nowMs, options), options)
    case 'panel_diff':
      return applyDiff(state, event, publishedAtMs(event.publishedMs, nowMs, options), options)
    case 'degraded_diff':
      if (isHistory(state, event)) return state
      return { ...dropped(state, 'degraded'), degraded: event.reason }
    case 'severity_state': {
      const severityState = new Map(state.severityState)
      severityState.delete(event.state.alert_type)
      severityState.set(event.state.alert_type, deepFreeze(event.state))
      for (const oldest of severityState.keys()) {
        if (severityState.size <= MAX_ALERT_TYPES) break
        severityState.delete(oldest)
      }
      return applied(
        { ...state, severityState, severityCounts: event.state.counts ?? state.severityCounts },
        nowMs,
      )
    }
    case 'severity_counts':
      return applied({ ...state, severityCounts: event.counts }, nowMs)
    case 'followup_alert':
      return applied(
        {
          ...state,
          followUps: withFollowUp(state.followUps, followUp(event.alert, nowMs)),
          severityCounts: event.alert.severity_counts ?? state.severityCounts,
        },
        nowMs,
      )
    case 'other':
      return state
    case 'bad': {
      const counted = { ...state, malformed: state.malformed + 1 }
      // Only a full status and a difference belong to the chain.
      if (event.name === 'panel_diff') return dropped(counted, 'malformed')
      return event.name === 'panel_full' ? lostEvent(counted, 'malformed') : counted
    }
  }
}

function applied(state: PanelState, atMs: number): PanelState {
  const lastEventMs = Math.max(state.lastEventMs ?? atMs, atMs)
  return { ...state, uiGeneration: state.uiGeneration + 1, lastEventMs }
}

function dropped(state: PanelState, reason: DropReason, also: NeedFullReason = reason): PanelState {
  return {
    ...lostEvent(state, also),
    panelDiffDropped: state.panelDiffDropped + 1,
    droppedBy: { ...state.droppedBy, [reason]: state.droppedBy[reason] + 1 },
  }
}

type FullEvent = Extract<StatusEvent, { type: 'panel_full' }>
type DiffEvent = Extract<StatusEvent, { type: 'panel_diff' }>

function applyFull(state: PanelState, event: FullEvent, atMs: number, options: ReduceOptions): PanelState {
  const { id, generation, streamId } = event.place
  const panelFull = state.panelFull + 1
  // The differences since are newer.
  if (event.repeats && state.inStep && !isAfterGap(state, id, options))
    return { ...state, generation, panelFull }
  const whole = applied(
    {
      ...state,
      baseline: deepFreeze(event.status),
      inStep: true,
      // Real ids begin at 1.
      beforeHistory: id === 0 && streamId === null,
      generation,
      streamId,
      sizeBytes: event.sizeBytes,
      atMostChars: event.sizeBytes,
      panelFull,
      needFull: false,
      needFullReasons: [],
      lastFullMs: atMs,
    },
    atMs,
  )
  return event.repeats ? { ...wantFull(whole, 'repeated'), inStep: false } : whole
}

/** When a request for a full status would not help, a dropped difference must not become a reason for one. */
function droppedOutOfStep(state: PanelState): PanelState {
  const [known] = state.needFullReasons
  const isFutile = state.needFull && !isWorthAsking(state)
  return dropped(state, 'no_baseline', isFutile ? known : 'no_baseline')
}

function isAfterGap(
  { lastId }: PanelState,
  id: number | null,
  { idsAreDense = true }: ReduceOptions,
): boolean {
  return idsAreDense && id !== null && lastId !== null && id !== lastId + 1
}

/** Older than the baseline, and sent after it as part of the history. */
function isHistory({ beforeHistory, generation }: PanelState, { place }: StatusEvent): boolean {
  return beforeHistory && generation !== null && place.generation !== null && place.generation < generation
}

function applyDiff(state: PanelState, event: DiffEvent, atMs: number, options: ReduceOptions): PanelState {
  const { id, generation, streamId } = event.place
  if (isHistory(state, event)) return state
  if (state.baseline === null) return dropped(state, 'no_baseline')
  if (isOtherStream(state, streamId)) return dropped(state, 'gap', 'stream_id')
  if (!state.inStep) return droppedOutOfStep(state)
  if (generation !== null && state.generation !== null && generation !== state.generation) {
    return dropped(state, 'generation')
  }
  if (isAfterGap(state, id, options)) return dropped(state, 'gap')
  if (event.truncated) return dropped(state, 'truncated')
  if (streamId === null && !fitsBaseline(state.baseline, event.diff)) {
    return dropped(state, 'no_baseline', 'other_baseline')
  }
  const merged = mergeDiff(state.baseline, event.diff)
  if (!merged.ok) return dropped(state, 'malformed')
  // An upper bound; the status is measured only when the bound is over the limit.
  const counted = state.atMostChars + event.sizeBytes
  const atMostChars = counted > MAX_BASELINE_CHARS ? JSON.stringify(merged.status).length : counted
  if (atMostChars > MAX_BASELINE_CHARS) return dropped(state, 'malformed', 'too_large')
  return applied(
    {
      ...state,
      baseline: merged.status,
      beforeHistory: false,
      degraded: null,
      atMostChars,
      panelDiffApplied: state.panelDiffApplied + 1,
      lastDiffMs: atMs,
    },
    atMs,
  )
}
