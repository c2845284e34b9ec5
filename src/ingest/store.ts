// The one authoritative state of what came in from another server's status stream: a pure reducer. Nothing in here knows
// about connections; the ingestor acts on `needFull`.
//
// A difference is valid for one baseline only. Whatever breaks the chain (a gap in ids, another stream, another
// generation, a difference cut short or without sense) drops it, and everything after it until a full status: the last
// good baseline stays to be shown, and `needFull` says that it is not the newest.
import type { SeverityCounts, SeverityState } from '../protocol/status-events.js'
import type { Status } from '../snapshot/reading.js'
import { type FollowUp, followUp, withFollowUp } from './followups.js'
import { deepFreeze } from './json.js'
import { mergeDiff } from './merge.js'
import type { StatusEvent } from './parse.js'

export const DROP_REASONS = ['no_baseline', 'generation', 'gap', 'truncated', 'malformed'] as const
export type DropReason = (typeof DROP_REASONS)[number]

/** Why a full status is wanted: what was dropped, a restarted producer, or what somebody outside says. */
export type NeedFullReason = DropReason | 'stream_id' | (string & {})

/** Alert types whose state is kept; the one that changed longest ago goes first. */
export const MAX_ALERT_TYPES = 64
/** Largest status that differences may build up, characters of JSON. */
export const MAX_BASELINE_CHARS = 32 * 1024 * 1024
/** Reasons kept until a full status comes. */
const MAX_REASONS = 16

export type PanelState = {
  /** The newest whole status, deep-frozen; null before the first. */
  readonly baseline: Status | null
  /** The baseline is the producer's newest: differences may be applied to it. */
  readonly inStep: boolean
  /** The producer's. */
  readonly generation: number | null
  /** Ours: one more for every event applied. */
  readonly uiGeneration: number
  readonly streamId: string | null
  readonly lastId: number | null
  /** Size of the last full status as it came, bytes. */
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
  /** Keep-alives count here, and nowhere else. */
  readonly lastByteMs: number | null
}

export const EMPTY_STATE: PanelState = {
  baseline: null,
  inStep: false,
  generation: null,
  uiGeneration: 0,
  streamId: null,
  lastId: null,
  sizeBytes: 0,
  atMostChars: 0,
  panelFull: 0,
  panelDiffApplied: 0,
  panelDiffDropped: 0,
  droppedBy: { no_baseline: 0, generation: 0, gap: 0, truncated: 0, malformed: 0 },
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

/** The same state with its times told by a clock that is so much ahead; itself when it is not. */
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
  /** False: only some types are asked for, so ids have gaps by nature. */
  readonly idsAreDense?: boolean
}

/** The state after one event. */
export function reduce(
  state: PanelState,
  event: StatusEvent,
  nowMs: number,
  options: ReduceOptions = {},
): PanelState {
  const heard = { ...state, lastByteMs: nowMs }
  const { id } = event.place
  const next = apply(heard, event, nowMs, options.idsAreDense !== false)
  return id === null || isReplay(state, event) ? next : { ...next, lastId: id }
}

/** Bytes came that are no event. */
export function heardBytes(state: PanelState, nowMs: number): PanelState {
  return { ...state, lastByteMs: nowMs }
}

/** Somebody outside wants a full status. */
export function wantFull(state: PanelState, reason: NeedFullReason): PanelState {
  if (state.needFullReasons.includes(reason)) return { ...state, needFull: true }
  const needFullReasons = [...state.needFullReasons, reason].slice(0, MAX_REASONS)
  return { ...state, needFull: true, needFullReasons }
}

/** An event was lost without being seen (it was too large): the chain is broken. */
export function lostEvent(state: PanelState, reason: NeedFullReason): PanelState {
  return { ...wantFull(state, reason), inStep: false }
}

/** The same stream, sent again from before where we stand. */
function isReplay(state: PanelState, { type, place }: StatusEvent): boolean {
  if (type === 'panel_full' || place.id === null || state.lastId === null) return false
  return place.id <= state.lastId && !isOtherStream(state, place.streamId)
}

function isOtherStream(state: PanelState, streamId: string | null): boolean {
  return streamId !== null && state.streamId !== null && streamId !== state.streamId
}

function apply(state: PanelState, event: StatusEvent, nowMs: number, dense: boolean): PanelState {
  switch (event.type) {
    case 'panel_full':
      return applied(
        {
          ...state,
          baseline: deepFreeze(event.status),
          inStep: true,
          generation: event.place.generation,
          streamId: event.place.streamId,
          sizeBytes: event.sizeBytes,
          atMostChars: event.sizeBytes,
          panelFull: state.panelFull + 1,
          needFull: false,
          needFullReasons: [],
          lastFullMs: nowMs,
        },
        nowMs,
      )
    case 'panel_diff':
      if (isReplay(state, event)) return state
      return applyDiff(state, event, nowMs, dense)
    case 'severity_state': {
      if (isReplay(state, event)) return state
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
      if (isReplay(state, event)) return state
      return applied({ ...state, severityCounts: event.counts }, nowMs)
    case 'followup_alert':
      if (isReplay(state, event)) return state
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
      // What cannot be read may have been a difference; of the other types nothing depends on the one before.
      if (event.name === 'panel_diff') return dropped(counted, 'malformed')
      return event.name === 'panel_full' ? lostEvent(counted, 'malformed') : counted
    }
  }
}

function applied(state: PanelState, nowMs: number): PanelState {
  return { ...state, uiGeneration: state.uiGeneration + 1, lastEventMs: nowMs }
}

function dropped(state: PanelState, reason: DropReason, also: NeedFullReason = reason): PanelState {
  return {
    ...lostEvent(state, also),
    panelDiffDropped: state.panelDiffDropped + 1,
    droppedBy: { ...state.droppedBy, [reason]: state.droppedBy[reason] + 1 },
  }
}

type DiffEvent = Extract<StatusEvent, { type: 'panel_diff' }>

function applyDiff(state: PanelState, event: DiffEvent, nowMs: number, dense: boolean): PanelState {
  const { id, generation, streamId } = event.place
  if (state.baseline === null) return dropped(state, 'no_baseline')
  if (isOtherStream(state, streamId)) return dropped(state, 'gap', 'stream_id')
  if (!state.inStep) return dropped(state, 'no_baseline')
  if (generation !== null && state.generation !== null && generation !== state.generation) {
    return dropped(state, 'generation')
  }
  if (dense && id !== null && state.lastId !== null && id !== state.lastId + 1) return dropped(state, 'gap')
  if (event.truncated) return dropped(state, 'truncated')
  const merged = mergeDiff(state.baseline, event.diff)
  if (!merged.ok) return dropped(state, 'malformed')
  // Counted cheaply; measured only when the count says that it may be too large.
  const counted = state.atMostChars + event.sizeBytes
  const atMostChars = counted > MAX_BASELINE_CHARS ? JSON.stringify(merged.status).length : counted
  if (atMostChars > MAX_BASELINE_CHARS) return dropped(state, 'malformed', 'too_large')
  return applied(
    {
      ...state,
      baseline: merged.status,
      atMostChars,
      panelDiffApplied: state.panelDiffApplied + 1,
      lastDiffMs: nowMs,
    },
    nowMs,
  )
}
