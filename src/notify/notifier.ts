// Carries rules out: takes what the loop knows with each cycle, steps the rules, keeps what they decide, and then delivers it. A
// message leaves only when it is kept, so one that was sent once is known after any crash.
//
//   facts → conditions → rules (reducer.ts) → keep (journal or Redis) → outbox → delivery → receivers
//
// Cost: a cycle without a change costs the conditions, and keeps nothing.
import { type Moment, wallTimeOf } from '../clock/moment.js'
import type { Timers } from '../clock/timers.js'
import type { MuteWindow, NotifyRule } from '../config/notify-tables.js'
import type { LineLog } from '../log/silent.js'
import { type Composed, composed } from './compose.js'
import { type Check, type Condition, compileCondition, type NotifyFacts } from './condition.js'
import { Delivery, type Result, type Sender } from './delivery.js'
import type { Notification } from './message.js'
import { MAX_MUTES, type Mute, mutedUntil } from './mutes.js'
import { type Entry, keyOf, Outbox } from './outbox.js'
import { acknowledged, type Due, NEW_RULE, type RuleState, stepRule } from './reducer.js'
import { sendTests, type TestResult } from './send-tests.js'
import { type ChangeText, entryTextOf, type Kept, stateTextOf } from './stored.js'

export type NotifierOptions = {
  readonly now: () => Moment
  readonly timers: Timers
  readonly random: () => number
  readonly timezone: () => string
  readonly windows: () => readonly MuteWindow[]
  /** Where the board is, for people; null: not known. */
  readonly link: () => string | null
  /** The title of the board; null: it has none. */
  readonly title: () => string | null
  readonly senderOf: (target: NotifyRule['send'][number]) => Sender
  readonly targetId: (target: NotifyRule['send'][number]) => string
  /** Keeps a change; resolves when a crash cannot lose it. */
  readonly keep: (change: ChangeText) => Promise<void>
  readonly onResult: (rule: string, result: Result) => void
  readonly log: LineLog
}

type Live = {
  readonly rule: NotifyRule
  readonly condition: Condition
  readonly targets: readonly string[]
  state: RuleState
  last: Check | null
  fault: string | null
}

/** After a timer, so that the time it waited for has passed. */
const AFTER_MS = 1

export type RuleStatus = {
  readonly name: string
  readonly condition: string
  /** `unknown`: its condition has no value. */
  readonly phase: 'idle' | 'waiting' | 'open' | 'unknown'
  readonly sinceMs: number | null
  readonly reasons: readonly string[]
  readonly isAcknowledged: boolean
  readonly mutedUntilMs: number | null
}

export class Notifier {
  readonly outbox = new Outbox()
  readonly #options: NotifierOptions
  readonly #delivery: Delivery
  readonly #senders = new Map<string, Sender>()
  /** Targets that took no message the last time. */
  readonly #failing = new Set<string>()
  #live: readonly Live[] = []
  #mutes: readonly Mute[] = []
  #facts: NotifyFacts | null = null
  #factsAt: Moment | null = null
  #cancel: () => void = () => {}
  #isStopped = false
  /** Only the publisher of a fleet decides; everybody delivers what it decided. */
  #isDeciding = true

  constructor(options: NotifierOptions) {
    this.#options = options
    this.#delivery = new Delivery({
      outbox: this.outbox,
      senderOf: target => this.#senders.get(target) ?? null,
      timers: options.timers,
      now: options.now,
      random: options.random,
      onResult: (entry, result, why) => this.#onResult(entry, result, why),
    })
  }

  get mutes(): readonly Mute[] {
    return this.#mutes
  }

  /** All that is kept, as one change. */
  whole(): ChangeText {
    const now = this.#options.now()
    return { state: this.#stateText(now), add: this.outbox.all.map(entry => entryTextOf(entry, now)) }
  }

  /** These rules from now on; where one has the name and condition of an earlier one it goes on. */
  setRules(rules: readonly NotifyRule[]): void {
    const before = new Map(
      this.#live.map(({ rule, condition, state }) => [rule.name, { text: condition.text, state }]),
    )
    const { targetId, senderOf } = this.#options
    const unused = new Set(this.#senders.keys())
    this.#live = rules.flatMap((rule): readonly Live[] => {
      const compiled = compileCondition(rule.when)
      // Checked when the settings were read.
      if (!compiled.ok) return []
      const { condition } = compiled
      const targets = rule.send.map(target => {
        const id = targetId(target)
        unused.delete(id)
        if (!this.#senders.has(id)) this.#senders.set(id, senderOf(target))
        return id
      })
      return [
        {
          rule,
          condition,
          targets,
          state: this.#stateFrom(before, rule, condition),
          last: null,
          fault: null,
        },
      ]
    })
    for (const id of unused) {
      void this.#senders.get(id)?.close()
      this.#senders.delete(id)
      this.#failing.delete(id)
    }
    if (this.#facts !== null) this.#step()
  }

  #stateFrom(kept: Kept['rules'], { name }: NotifyRule, { text }: Condition): RuleState {
    const known = kept.get(name)
    if (known === undefined) return NEW_RULE
    if (known.text === text) return known.state
    if (known.state.incident !== null)
      this.#options.log.warn(
        { rule: name },
        'the condition of this rule is another one now: its open incident is forgotten',
      )
    return NEW_RULE
  }

  /** Goes on from what was kept, with the messages that it has or without. */
  load({ rules, mutes, entries }: Kept, withEntries: boolean): void {
    for (const live of this.#live) live.state = this.#stateFrom(rules, live.rule, live.condition)
    this.#mutes = mutes
    if (!withEntries) return
    for (const entry of entries) this.outbox.add(entry)
    for (const target of new Set(entries.map(entry => entry.target))) this.#delivery.kick(target)
  }

  /** Another server delivers them now. */
  forgetEntries(): void {
    this.outbox.clear()
  }

  /** Whether rules are stepped here; what is in the outbox is delivered in any case. */
  setDeciding(isDeciding: boolean): void {
    this.#isDeciding = isDeciding
    if (!isDeciding) this.#cancel()
    else if (this.#facts !== null) this.#step()
  }

  /** The newest facts; once a cycle. */
  take(facts: NotifyFacts): void {
    this.#facts = facts
    this.#factsAt = this.#options.now()
    if (!this.#isStopped) this.#step()
  }

  #step(): void {
    this.#cancel()
    const facts = this.#factsNow()
    if (facts === null || !this.#isDeciding) return
    const now = this.#options.now()
    const due: { readonly live: Live; readonly due: Due }[] = []
    let isChanged = this.#dropOldMutes(now)
    let nextInMs = Number.POSITIVE_INFINITY
    for (const live of this.#live) {
      const check = live.condition.check(facts)
      this.#reportFault(live, check)
      live.last = check
      const muted = this.#mutedUntil(live.rule.name, now)
      const stepped = stepRule(live.state, live.rule, check.holds, muted !== null, now)
      isChanged ||= stepped.state !== live.state
      live.state = stepped.state
      if (stepped.due !== null) due.push({ live, due: stepped.due })
      for (const ms of [
        stepped.nextInMs,
        check.changesInMs,
        muted === null ? null : muted.untilMs - now.wallMs,
      ])
        if (ms !== null) nextInMs = Math.min(nextInMs, ms)
    }
    if (isChanged)
      this.#send(
        due.flatMap(each => this.#entriesOf(each.live, each.due, now)),
        now,
      )
    if (Number.isFinite(nextInMs))
      this.#cancel = this.#options.timers.after(Math.max(0, nextInMs) + AFTER_MS, () => this.#step())
  }

  /** The facts with the age that the source has now. */
  #factsNow(): NotifyFacts | null {
    const [facts, at] = [this.#facts, this.#factsAt]
    if (facts === null || at === null) return null
    const laterMs = this.#options.now().monotonicMs - at.monotonicMs
    if (laterMs < 1) return facts
    const { source, runningMs } = facts
    const ageSec = source.ageSec === null ? null : source.ageSec + laterMs / 1000
    return { ...facts, source: { ...source, ageSec }, runningMs: runningMs + laterMs }
  }

  #reportFault(live: Live, { fault }: Check): void {
    if (fault === live.fault) return
    live.fault = fault
    if (fault !== null)
      this.#options.log.warn(
        { rule: live.rule.name, why: fault },
        'the condition of this rule has no value; it stays as it was',
      )
  }

  #mutedUntil(rule: string, now: Moment): ReturnType<typeof mutedUntil> {
    const { windows, timezone } = this.#options
    return mutedUntil(rule, this.#mutes, windows(), timezone(), now.wallMs)
  }

  #dropOldMutes(now: Moment): boolean {
    const left = this.#mutes.filter(({ untilMs }) => untilMs > now.wallMs)
    const isChanged = left.length < this.#mutes.length
    if (isChanged) this.#mutes = left
    return isChanged
  }

  #entriesOf({ rule, condition, targets, last }: Live, due: Due, now: Moment): readonly Entry[] {
    const message = this.#message(rule, condition, due, last?.reasons ?? [], now)
    return targets.map(target => ({ target, message, addedAt: now }))
  }

  #message(
    { name }: NotifyRule,
    { text }: Condition,
    due: Composed['due'],
    reasons: readonly string[],
    now: Moment,
  ): Notification {
    const { link, title } = this.#options
    const verdict = this.#facts?.verdict.word ?? 'unknown'
    return composed({ rule: name, condition: text, due, reasons, verdict, now, link: link(), board: title() })
  }

  /** Keeps the state with the new messages, in one piece, and then delivers them. */
  #send(entries: readonly Entry[], now: Moment): void {
    const given = entries.flatMap(entry => this.outbox.add(entry))
    for (const entry of given) this.#onResult(entry, 'dropped', 'the outbox is full')
    const add = entries.filter(entry => this.outbox.has(keyOf(entry)))
    const kept = this.#options.keep({
      state: this.#stateText(now),
      add: add.map(entry => entryTextOf(entry, now)),
    })
    void kept.then(() => {
      for (const target of new Set(add.map(entry => entry.target))) this.#delivery.kick(target)
    })
  }

  #stateText(now: Moment): ChangeText['state'] {
    const rules = new Map(
      this.#live.map(({ rule, condition, state }) => [rule.name, { text: condition.text, state }]),
    )
    return stateTextOf({ rules, mutes: this.#mutes }, now)
  }

  #onResult({ target, message }: Entry, result: Result, why: string | null): void {
    const { onResult, keep, log } = this.#options
    const { rule, id, event } = message
    const shown = this.#senders.get(target)?.shown
    onResult(rule, result)
    if (result === 'retried') {
      // Once, not for each time that it is tried.
      if (!this.#failing.has(target))
        log.warn({ rule, id, why, target: shown }, 'a message is sent again later')
      this.#failing.add(target)
      return
    }
    if (result === 'sent') {
      const isBack = this.#failing.delete(target)
      log.info(
        { rule, id, event, target: shown },
        isBack ? 'a message was delivered at last' : 'a message was delivered',
      )
    } else log.error({ rule, id, why, result, target: shown }, 'a message is given up')
    void keep({ remove: [keyOf({ target, message })] })
  }

  // ── what people do ─────────────────────────────────────────────────────────────────────────────────────────────

  get rules(): readonly RuleStatus[] {
    const now = this.#options.now()
    return this.#live.map(({ rule, condition, state, last }) => ({
      name: rule.name,
      condition: condition.text,
      phase:
        state.incident !== null
          ? 'open'
          : last?.holds === null
            ? 'unknown'
            : state.since === null
              ? 'idle'
              : 'waiting',
      sinceMs: state.since === null ? null : Math.round(wallTimeOf(state.since, now)),
      reasons: state.since === null ? [] : (last?.reasons ?? []),
      isAcknowledged: state.incident?.isAcknowledged ?? false,
      mutedUntilMs: this.#mutedUntil(rule.name, now)?.untilMs ?? null,
    }))
  }

  /** False: there are too many. Each of these resolves when it is kept. */
  async mute(mute: Mute): Promise<boolean> {
    if (this.#mutes.length >= MAX_MUTES) return false
    this.#mutes = [...this.#mutes, mute]
    await this.#changed()
    return true
  }

  /** Null: all of them. Returns how many were ended. */
  async unmute(id: string | null): Promise<number> {
    const left = id === null ? [] : this.#mutes.filter(mute => mute.id !== id)
    const ended = this.#mutes.length - left.length
    this.#mutes = left
    if (ended > 0) await this.#changed()
    return ended
  }

  /** Null: all open ones. Returns the names of those that are acknowledged now. */
  async acknowledge(name: string | null): Promise<readonly string[]> {
    const done = this.#live.flatMap(live => {
      const state = name === null || live.rule.name === name ? acknowledged(live.state) : null
      if (state === null) return []
      live.state = state
      return [live.rule.name]
    })
    if (done.length > 0) await this.#changed()
    return done
  }

  #changed(): Promise<void> {
    const kept = this.#options.keep({ state: this.#stateText(this.#options.now()) })
    this.#step()
    return kept
  }

  /** Sends a message of each of these rules at once, past mutes and outbox: what came of it, by target. Null: no such rule. */
  async test(name: string | null, id: string): Promise<readonly TestResult[] | null> {
    const asked = this.#live.filter(({ rule }) => name === null || rule.name === name)
    if (asked.length === 0) return null
    const now = this.#options.now()
    return sendTests(
      asked.flatMap(({ rule, condition, targets }, i) => {
        const ids = { incident: `test.${id}.${i}`, id: `test.${id}.${i}` }
        const due = { ...ids, rule: rule.name, event: 'test', repeats: 0, since: now, lastedMs: 0 } as const
        const message = this.#message(rule, condition, due, [], now)
        return targets.flatMap(target => {
          const sender = this.#senders.get(target)
          return sender === undefined ? [] : [{ sender, message }]
        })
      }),
    )
  }

  /** Ends what is sent at the moment after `graceMs`. What is not delivered stays kept. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#delivery.stop(graceMs)
    await Promise.all([...this.#senders.values()].map(sender => sender.close()))
  }
}
