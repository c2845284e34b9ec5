// The one authoritative state of what came in from another server's status stream: a pure reducer. Nothing in here knows
// about connections; the ingestor acts on `needFull`.
//
// A difference is valid for one baseline only. Whatever breaks the chain (a gap in ids, another stream, another
// generation, a difference cut short or without sense) drops it, and everything after it until a full status: the last
// good baseline stays to be shown, and `needFull` says that it is not the newest.
//
// A producer without `stream_id` cannot say that it has restarted, and its ids begin at 1 again. So nothing it sends on
// a new connection continues what came before (`rejoined`), ids that fall are a restart, and a difference that was made
// from other values than the baseline has is dropped.
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

/** Why a full status is wanted: what was dropped, a restarted producer, or what somebody outside says. */
export type NeedFullReason =
  | DropReason
  | 'stream_id'
  /** A producer without `stream_id` was connected to again: it may have restarted meanwhile. */
  | 'reconnect'
  /** Its ids have fallen. */
  | 'restart'
  /** A difference was made from other values than the baseline has. */
  | 'other_baseline'
  /** The producer repeats an old full status. */
  | 'repeated'
  /** Nothing new has come for too long. */
  | 'stale'
  | (string & {})

/** Reasons that asking cannot remove: the producer would repeat its last full status. Its next one does. */
const NOT_ASKED_FOR: ReadonlySet<NeedFullReason> = new Set(['degraded', 'repeated'])

/** Whether a request for a full status may help. */
export function isWorthAsking({ needFull, needFullReasons }: PanelState): boolean {
  return needFull && needFullReasons.some(reason => !NOT_ASKED_FOR.has(reason))
}

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
  /** The baseline was sent for us alone, before the history it is part of: older differences may follow it. */
  readonly beforeHistory: boolean
  /** Why the producer leaves differences out at the moment; null while it sends them. */
  readonly degraded: string | null
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
  /** How far the producer's clock is ahead of ours. */
  readonly producerAheadMs?: number
}

/** A status published less than this ago is new: clocks and `Date` headers are no more exact. */
const NEW_MS = 1_000

/** The state after one event. */
export function reduce(
  state: PanelState,
  event: StatusEvent,
  nowMs: number,
  options: ReduceOptions = {},
): PanelState {
  const heard = { ...state, lastByteMs: nowMs }
  const { id } = event.place
  if (isReplay(heard, event)) return heard
  const before = hasGoneBack(heard, event) ? restarted(heard) : heard
  const next = apply(before, event, nowMs, options)
  return id === null ? next : { ...next, lastId: id }
}

/** When the status or difference of an event was published, by our clock; now where nothing says that it is older. */
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
 * The state on a new connection. Only a `stream_id` shows whether the producer is still the same run; without one,
 * nothing that comes now continues the baseline, and the severities are those of a run that may be over.
 */
export function rejoined(state: PanelState): PanelState {
  if (state.streamId !== null) return state
  const anew = { ...withoutRun(state), lastId: null }
  return state.baseline === null ? anew : wantFull(anew, 'reconnect')
}

function restarted(state: PanelState): PanelState {
  return wantFull(withoutRun(state), 'restart')
}

/** What came is of a run that may be over: it may be shown, and nothing may be built on it. */
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

/** The same stream, sent again from before the last id. */
function isReplay(state: PanelState, { type, place }: StatusEvent): boolean {
  if (type === 'panel_full' || place.id === null || state.lastId === null) return false
  return place.id <= state.lastId && state.streamId !== null && !isOtherStream(state, place.streamId)
}

/** Without a `stream_id` a smaller id is the only sign of a restart behind a connection that stays open. */
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
      // What cannot be read may have been a difference; of the other types nothing depends on the one before.
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
  // It says nothing that the differences since have not made old.
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

/** While asking is no use, what is dropped meanwhile is no reason to ask. */
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

/** Made before the baseline, and sent after it as part of the history. */
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
  // Counted cheaply; measured only when the count says that it may be too large.
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
