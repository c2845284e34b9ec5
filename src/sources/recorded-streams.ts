// What a recording holds of followed status streams: what boards show of them, and when their events came. A line has it only where it
// changed, and of long lists only what is new; texts and lists are bounded.
import { z } from 'zod'
import type { IngestStats } from '../ingest/enrichment.js'
import { type FollowUp, MAX_FOLLOW_UPS } from '../ingest/followups.js'
import { STREAM_HEALTH } from '../ingest/heartbeat.js'
import { EMPTY_STATE, MAX_ALERT_TYPES } from '../ingest/store.js'
import { type IngestView, ingestViews } from '../ingest/view.js'
import { type SeverityState, severityCounts, severityStatePayload } from '../protocol/status-events.js'

/** Further ones are not on the recorded boards. */
const MAX_STREAMS = 16
/** Of a text, in characters; a panel shows 200. */
const MAX_TEXT = 400

const when = z.number().nullable()

const recordedStream = z.lazy(() =>
  z.object({
    source: z.string(),
    connection: z.enum(['connecting', 'live', 'lost', 'closed']),
    error: z.string().nullable(),
    instead: z.string().nullable(),
    health: z.enum(STREAM_HEALTH),
    generation: z.number().nullable(),
    fulls: z.number(),
    diffsApplied: z.number(),
    diffsDropped: z.number(),
    needFull: z.boolean(),
    needFullReasons: z.array(z.string()),
    degraded: z.string().nullable(),
    lastEventMs: when,
    lastFullMs: when,
    lastDiffMs: when,
    warnAfterSec: z.number(),
    staleAfterSec: z.number(),
    /** This and the next two: absent where they are as in the line before. */
    severityCounts: severityCounts.nullable().optional(),
    /** In their order; a name: that of the line before. */
    severityState: z
      .array(z.union([z.string(), severityStatePayload]))
      .max(MAX_ALERT_TYPES)
      .optional(),
    /** The newest first, then so many of the line before. */
    followUps: z
      .object({
        added: z
          .array(
            z.object({
              time: z.union([z.number(), z.string()]),
              level: z.string(),
              component: z.string(),
              message: z.string(),
            }),
          )
          .max(MAX_FOLLOW_UPS),
        kept: z.int().min(0).max(MAX_FOLLOW_UPS),
      })
      .optional(),
  }),
)

export const recordedStreams = z.array(recordedStream).max(MAX_STREAMS)

export type RecordedStream = z.infer<typeof recordedStream>

/** A stream of a recording, at one of its lines. */
export type StreamThen = IngestView &
  Pick<RecordedStream, 'lastEventMs' | 'lastFullMs' | 'lastDiffMs' | 'warnAfterSec' | 'staleAfterSec'>

const bounded = (text: string): string => text.slice(0, MAX_TEXT)
const boundedOrNull = (text: string | null): string | null => (text === null ? null : bounded(text))

/** Makes what a line holds. */
export class StreamRecorder {
  readonly #omit: (followUp: FollowUp) => FollowUp | null
  #views: readonly IngestView[] = []

  /** `omit`: a follow-up without what is left out; null: nothing remains. */
  constructor(omit: (followUp: FollowUp) => FollowUp | null) {
    this.#omit = omit
  }

  /** Undefined where boards show the same as at the line before. */
  next(given: readonly IngestStats[]): RecordedStream[] | undefined {
    const stats = given.slice(0, MAX_STREAMS)
    const before = this.#views
    const views = ingestViews(stats, before)
    if (views === before) return undefined
    this.#views = views
    return stats.map((each, i) => this.#recorded(each, views[i], before[i]))
  }

  #recorded({ state, heartbeat }: IngestStats, view: IngestView | undefined, before: IngestView | undefined) {
    if (view === undefined) throw new Error('each stream has a view')
    const { lastEventMs, lastFullMs, lastDiffMs } = state
    const { severityCounts: counts, severityState: states, followUps, ...small } = view
    return {
      ...small,
      error: boundedOrNull(small.error),
      degraded: boundedOrNull(small.degraded),
      needFullReasons: small.needFullReasons.map(bounded),
      lastEventMs,
      lastFullMs,
      lastDiffMs,
      warnAfterSec: heartbeat.warn_after,
      staleAfterSec: heartbeat.stale_after,
      ...(before?.severityCounts === counts ? {} : { severityCounts: counts }),
      ...(before?.severityState === states
        ? {}
        : { severityState: statesSince(before?.severityState, states) }),
      ...(before?.followUps === followUps
        ? {}
        : { followUps: this.#since(before?.followUps ?? [], followUps) }),
    }
  }

  #since(before: readonly FollowUp[], now: readonly FollowUp[]) {
    const added = addedTo(before, now)
    const shown = now.slice(0, added).flatMap(each => this.#omit(each) ?? [])
    return { added: shown.map(boundedFollowUp), kept: now.length - added }
  }
}

/** How many of the first are new; the others are the first of the list before. */
function addedTo(before: readonly FollowUp[], now: readonly FollowUp[]): number {
  const [newest] = before
  const at = newest === undefined ? -1 : now.indexOf(newest)
  return at !== -1 && now.slice(at).every((each, i) => each === before[i]) ? at : now.length
}

function boundedFollowUp({ time, level, component, message }: FollowUp): FollowUp {
  return {
    time: typeof time === 'string' ? bounded(time) : time,
    level: bounded(level),
    component: bounded(component),
    message: bounded(message),
  }
}

type States = IngestView['severityState']

function statesSince(before: States | undefined, now: States): (string | SeverityState)[] {
  return [...now].map(([type, state]) => (before?.get(type) === state ? bounded(type) : boundedState(state)))
}

/** Without the alert that it came with and the reasons: no board shows them. */
function boundedState(state: SeverityState): SeverityState {
  const { alert_type: type, active, previous_active: previous, resolved, counts } = state
  const { cycle, last_change_cycle: lastChange, resolved_count: count } = state
  const text = <T>(value: T) => (typeof value === 'string' ? bounded(value) : value)
  return {
    alert_type: bounded(type),
    active: text(active),
    previous_active: text(previous),
    cycle,
    last_change_cycle: lastChange,
    resolved,
    resolved_count: count,
    counts,
  }
}

/** The streams at a line, from those at the line before: the same lists where they are the same. */
export function streamsAfter(
  before: readonly StreamThen[] | null,
  recorded: readonly RecordedStream[] | undefined,
): readonly StreamThen[] | null {
  return recorded?.map((stream, i) => after(before?.[i], stream)) ?? before
}

function after(before: StreamThen | undefined, stream: RecordedStream): StreamThen {
  const { severityCounts: counts, severityState: states, followUps, ...small } = stream
  const known = before ?? { severityCounts: null, severityState: EMPTY_STATE.severityState, followUps: [] }
  return {
    ...small,
    severityCounts: counts === undefined ? known.severityCounts : counts,
    severityState: states === undefined ? known.severityState : statesAfter(known.severityState, states),
    followUps:
      followUps === undefined
        ? known.followUps
        : [...followUps.added, ...known.followUps.slice(0, followUps.kept)].slice(0, MAX_FOLLOW_UPS),
  }
}

function statesAfter(before: States, recorded: readonly (string | SeverityState)[]): States {
  const states = recorded.flatMap(each => (typeof each === 'string' ? (before.get(each) ?? []) : each))
  return new Map(states.map(state => [state.alert_type, state]))
}

/** As the source that was recorded reported them. Their health is that of the line. */
export function statsThen(streams: readonly StreamThen[], nowMs: number): readonly IngestStats[] {
  return streams.map(({ source, connection, error, instead, health, ...rest }) => {
    const { lastEventMs, lastFullMs, lastDiffMs, warnAfterSec, staleAfterSec, ...others } = rest
    const { fulls, diffsApplied, diffsDropped, ...more } = others
    const heartbeat = {
      last_event_epoch: seconds(lastEventMs),
      last_panel_full_epoch: seconds(lastFullMs),
      last_panel_diff_epoch: seconds(lastDiffMs),
      stale_seconds: lastEventMs === null ? null : Math.max(0, (nowMs - lastEventMs) / 1000),
      health,
      warn_after: warnAfterSec,
      stale_after: staleAfterSec,
    }
    const counts = { panelFull: fulls, panelDiffApplied: diffsApplied, panelDiffDropped: diffsDropped }
    const times = { lastEventMs, lastFullMs, lastDiffMs }
    const state = { ...EMPTY_STATE, ...more, ...counts, ...times }
    return { source, connection, error, state, heartbeat, ...(instead === null ? {} : { instead }) }
  })
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)
