// Notifications of a program: the rules carried out, and what is kept of them in a file. Loaded only where there is a rule.
import { randomBytes } from 'node:crypto'
import { type Moment, momentNow } from '../clock/moment.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { NotifyRule } from '../config/notify-tables.js'
import { HttpError } from '../contract/errors.js'
import type { CycleResult } from '../engine/cycle.js'
import type { NotifyDesk } from '../http/routes/notify.js'
import { FileKeep } from '../notify/file-keep.js'
import type { Mute } from '../notify/mutes.js'
import { Notifier } from '../notify/notifier.js'
import { createSender, targetId } from '../notify/send/sender.js'
import { SharedKeep } from '../notify/shared.js'
import { NOTHING_KEPT } from '../notify/stored.js'
import type { MuteData } from '../protocol/notify.js'
import { askedElsewhere, carriedOut, type NotifyChanges } from './notify-elsewhere.js'
import type { Fleet, ProgramParts } from './parts.js'
import { VERSION } from './version.js'

export type NotifyParts = Pick<ProgramParts, 'settings' | 'metrics' | 'log' | 'clock'> & {
  readonly rules: readonly NotifyRule[]
  /** Where people find the board; null: nowhere. */
  readonly link: () => string | null
  readonly title: () => string | null
  /** Null for a server by itself: what it keeps is in its file. */
  readonly fleet: Pick<Fleet, 'notify' | 'requests' | 'onSeat'> | null
  readonly timers?: Timers
}

/** Notifications as the program has them. */
export interface Notify {
  readonly desk: NotifyDesk
  take(result: CycleResult): void
  setRules(rules: readonly NotifyRule[]): void
  stop(): Promise<void>
}

const RESULTS = ['sent', 'retried', 'failed', 'expired', 'dropped'] as const
/** For a message that is on its way when the server stops. */
const GRACE_MS = 1_000
/** Who has the token could otherwise fill the channel of a receiver. */
const TEST_EVERY_MS = 5_000

/** Reads what an earlier run kept, and delivers what it could not. */
export async function createNotify(parts: NotifyParts): Promise<Notify> {
  const { settings, metrics, log, clock, fleet, timers = systemTimers } = parts
  const now = () => momentNow(clock)
  const shared =
    fleet === null ? null : new SharedKeep({ shared: fleet.notify, decider: () => notifier, now, log })
  const file = new FileKeep({
    path: settings().notifyState,
    decider: () => notifier,
    now,
    timers,
    onWritable: isWritable => metrics.g6_notify_state_writable.set(isWritable ? 1 : 0),
    log,
  })
  const notifier: Notifier = new Notifier({
    now,
    timers,
    random: Math.random,
    timezone: () => settings().timezone,
    windows: () => settings().mute,
    link: parts.link,
    title: parts.title,
    targetId,
    senderOf: target =>
      createSender(target, {
        userAgent: `g6-stream/${VERSION}`,
        nowMs: clock.nowMs,
        env: process.env,
        onErrors: (command, errors) => log.warn({ command, errors }, 'the command of a rule says why'),
      }),
    keep: change => (shared === null ? file.save(change) : shared.save()),
    onResult: (rule, result) => metrics.g6_notifications_total.inc({ rule, result }),
    log,
  })
  const count = (rules: readonly NotifyRule[]): void => {
    for (const { name } of rules)
      for (const result of RESULTS) metrics.g6_notifications_total.inc({ rule: name, result }, 0)
  }
  metrics.g6_notify_state_writable.set(1)
  count(parts.rules)
  notifier.setDeciding(false)
  notifier.setRules(parts.rules)
  if (shared === null) await file.open()
  else {
    fleet?.onSeat(() => shared.look())
  }
  const forget = metrics.onScrape(() => {
    metrics.g6_notify_outbox_messages.set(notifier.outbox.size)
    metrics.g6_notify_outbox_oldest_seconds.set((notifier.outbox.oldestMs(now()) ?? 0) / 1000)
  })
  const startedMs = clock.monotonicMs()
  const own = changesOf(notifier, now)
  if (fleet !== null && shared !== null)
    fleet.requests.handler = text => (shared.isDeciding ? carriedOut(own, text, log) : Promise.resolve(null))
  const elsewhere = fleet === null ? null : askedElsewhere(text => fleet.requests.ask(text))
  const keep = shared ?? file
  const changes = (): NotifyChanges => {
    if (keep.isDeciding) return own
    if (elsewhere === null) throw new HttpError('state_in_use')
    return elsewhere
  }
  return {
    desk: deskOf(notifier, keep, changes, now),
    take: ({ board, source }) => {
      shared?.look()
      if (board.verdict === null) return
      notifier.take({ board, source, verdict: board.verdict, runningMs: clock.monotonicMs() - startedMs })
    },
    setRules: rules => {
      count(rules)
      notifier.setRules(rules)
    },
    stop: async () => {
      forget()
      await notifier.stop(GRACE_MS)
      await file.close()
    },
  }
}

function deskOf(
  notifier: Notifier,
  keep: Pick<SharedKeep, 'isDeciding' | 'read'>,
  changes: () => NotifyChanges,
  now: () => Moment,
): NotifyDesk {
  let testedMs = Number.NEGATIVE_INFINITY
  return {
    health: () => {
      const { rules } = notifier
      const open = rules.filter(({ phase }) => phase === 'open')
      const ends = rules.flatMap(({ mutedUntilMs }) => (mutedUntilMs === null ? [] : [mutedUntilMs]))
      return {
        open: open.length,
        to_acknowledge: open.filter(({ isAcknowledged }) => !isAcknowledged).length,
        mutes: notifier.mutes.length,
        muted_until: ends.length < rules.length ? null : Math.round(Math.min(...ends)),
      }
    },
    document: async () => {
      // It shows what the one decided that carries the rules out.
      if (!keep.isDeciding) notifier.load(await keep.read().catch(() => NOTHING_KEPT), false)
      const oldest = notifier.outbox.oldestMs(now())
      return {
        schema_version: 'v1' as const,
        rules: notifier.rules.map(
          ({ name, condition, phase, sinceMs, reasons, isAcknowledged, mutedUntilMs }) => ({
            ...{ name, condition, phase, reasons, since: sinceMs },
            acknowledged: isAcknowledged,
            muted_until: mutedUntilMs,
          }),
        ),
        mutes: notifier.mutes.map(muteDataOf),
        outbox: { messages: notifier.outbox.size, oldest_sec: oldest === null ? null : oldest / 1000 },
      }
    },
    mute: async request => changes().mute(request),
    unmute: async id => changes().unmute(id),
    acknowledge: async rule => changes().acknowledge(rule),
    test: async rule => {
      const atMs = now().monotonicMs
      if (atMs - testedMs < TEST_EVERY_MS)
        throw new HttpError('notify_rate', undefined, { 'Retry-After': String(TEST_EVERY_MS / 1000) })
      testedMs = atMs
      const results = await notifier.test(rule, randomBytes(4).toString('hex'))
      if (results === null) throw unknownRule(rule ?? '')
      return results
    },
  }
}

/** What people change, at the server that carries out the rules. */
function changesOf(notifier: Notifier, now: () => Moment): NotifyChanges {
  const isRule = (name: string): boolean => notifier.rules.some(rule => rule.name === name)
  return {
    mute: async ({ for_sec: forSec, reason, rules }) => {
      const unknown = rules?.find(name => !isRule(name))
      if (unknown !== undefined) throw unknownRule(unknown)
      const fromMs = Math.round(now().wallMs)
      const mute: Mute = {
        id: randomBytes(4).toString('hex'),
        fromMs,
        untilMs: fromMs + Math.round(forSec * 1000),
        reason,
        rules: rules ?? null,
      }
      if (!(await notifier.mute(mute))) throw new HttpError('too_many_mutes')
      return muteDataOf(mute)
    },
    unmute: id => notifier.unmute(id),
    acknowledge: async rule => {
      if (rule !== null && !isRule(rule)) throw unknownRule(rule)
      return notifier.acknowledge(rule)
    },
  }
}

const unknownRule = (name: string): HttpError =>
  new HttpError('not_found', `No rule has the name ${JSON.stringify(name)}; GET /summary/notify lists them.`)

const muteDataOf = ({ id, fromMs, untilMs, reason, rules }: Mute): MuteData => ({
  ...{ id, reason, rules },
  from: fromMs,
  until: untilMs,
})
