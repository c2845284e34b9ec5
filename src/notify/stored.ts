// What is kept of notifications over a restart and a change of the publisher: where each rule is, mutes, messages not delivered yet.
// Times are wall times there; when they are read they become moments of this process.
import { z } from 'zod'
import { type Moment, wallTimeOf } from '../clock/moment.js'
import { notification } from './message.js'
import { MAX_MUTES, type Mute } from './mutes.js'
import { type Entry, keyOf } from './outbox.js'
import type { RuleState } from './reducer.js'

/** `text`: of its condition: a rule with another one is a new rule. */
export type KeptRule = { readonly text: string; readonly state: RuleState }
export type Kept = {
  readonly rules: ReadonlyMap<string, KeptRule>
  readonly mutes: readonly Mute[]
  readonly entries: readonly Entry[]
}

export const NOTHING_KEPT: Kept = { rules: new Map(), mutes: [], entries: [] }

const ms = z.number()
const incident = z.object({
  id: z.string().max(200),
  sent: ms,
  repeats: z.int().nonnegative(),
  acknowledged: z.boolean(),
})
const rule = z.object({
  name: z.string(),
  text: z.string(),
  since: ms.nullable(),
  incident: incident.nullable(),
  count: z.int().nonnegative(),
  began: ms.nullable(),
})
const mute = z.object({
  id: z.string().max(40),
  from: ms,
  until: ms,
  reason: z.string().max(300),
  rules: z.array(z.string()).nullable(),
})
const stateText = z.object({ rules: z.array(rule).max(1_000), mutes: z.array(mute).max(MAX_MUTES) })
const entryText = z.object({ target: z.string().max(100), added: ms, message: notification })

/** One change, or all that is kept: the form of a line of the file and of the value in Redis. */
export const changeText = z.object({
  state: stateText.optional(),
  add: z.array(entryText).optional(),
  remove: z.array(z.string()).optional(),
})
export type ChangeText = z.output<typeof changeText>

const inMs = (moment: Moment | null, now: Moment): number | null =>
  moment === null ? null : Math.round(wallTimeOf(moment, now))

/** A time in the future, where the clock was set back meanwhile, counts as now. */
function momentOf(wallMs: number, now: Moment): Moment {
  return { wallMs, monotonicMs: now.monotonicMs - Math.max(0, now.wallMs - wallMs) }
}

export function stateTextOf(
  { rules, mutes }: Pick<Kept, 'rules' | 'mutes'>,
  now: Moment,
): ChangeText['state'] {
  return {
    rules: [...rules].map(([name, { text, state }]) => ({
      name,
      text,
      since: inMs(state.since, now),
      incident:
        state.incident === null
          ? null
          : {
              id: state.incident.id,
              sent: inMs(state.incident.sentAt, now) ?? 0,
              repeats: state.incident.repeats,
              acknowledged: state.incident.isAcknowledged,
            },
      count: state.count,
      began: inMs(state.beganAt, now),
    })),
    mutes: mutes.map(({ id, fromMs, untilMs, reason, rules: of }) => ({
      ...{ id, reason, from: fromMs, until: untilMs },
      rules: of === null ? null : [...of],
    })),
  }
}

export function entryTextOf({ target, message, addedAt }: Entry, now: Moment) {
  return { target, message, added: inMs(addedAt, now) ?? 0 }
}

/** Applies changes in order. */
export function keptOf(changes: Iterable<ChangeText>, now: Moment): Kept {
  let state: ChangeText['state']
  const entries = new Map<string, Entry>()
  for (const change of changes) {
    state = change.state ?? state
    for (const { target, message, added } of change.add ?? []) {
      const entry = { target, message, addedAt: momentOf(added, now) }
      entries.set(keyOf(entry), entry)
    }
    for (const key of change.remove ?? []) entries.delete(key)
  }
  const moment = (wallMs: number | null): Moment | null => (wallMs === null ? null : momentOf(wallMs, now))
  return {
    rules: new Map(
      (state?.rules ?? []).map(each => [
        each.name,
        {
          text: each.text,
          state: {
            since: moment(each.since),
            incident:
              each.incident === null
                ? null
                : {
                    id: each.incident.id,
                    sentAt: momentOf(each.incident.sent, now),
                    repeats: each.incident.repeats,
                    isAcknowledged: each.incident.acknowledged,
                  },
            count: each.count,
            beganAt: moment(each.began),
          },
        },
      ]),
    ),
    mutes: (state?.mutes ?? []).map(({ id, from, until, reason, rules }) => ({
      ...{ id, reason, rules },
      fromMs: from,
      untilMs: until,
    })),
    entries: [...entries.values()],
  }
}
