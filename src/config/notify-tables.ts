// The tables of notifications: `[[notify]]`, what is sent when, also in a board file; and `[[mute]]`, when nothing is sent.
// What a condition means is in src/notify/condition.ts.
import { z } from 'zod'
import { duration } from './kinds/durations.js'
import { type RowFault, tables } from './kinds/tables.js'
import { filesOf, filled, type NotifyTarget, targetOf, targetRow } from './notify-targets.js'
import type { About, ReadSecretFile } from './setting.js'

export type NotifyWhen =
  | { readonly kind: 'expression'; readonly text: string }
  | { readonly kind: 'panel'; readonly panel: string; readonly tone: 'warn' | 'error' }
  | { readonly kind: 'alert'; readonly level: 'info' | 'warn' | 'critical' }
  | { readonly kind: 'silence'; readonly afterMs: number; readonly source: string | null }

/** Plain data, so that two lists can be compared. */
export type NotifyRule = {
  readonly name: string
  readonly when: NotifyWhen
  readonly forMs: number
  /** Null: no repeats. */
  readonly repeatMs: number | null
  readonly send: readonly NotifyTarget[]
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

export type MuteWindow = {
  /** Minutes of the day; `to` is not after `from`: it ends on the next day. */
  readonly fromMin: number
  readonly toMin: number
  readonly days: readonly Weekday[]
  /** Null: all rules. */
  readonly rules: readonly string[] | null
  readonly reason: string
}

const MAX_SEND = 10
const DAY_MS = 24 * 3_600_000

const NAME = 'allowed: letters, digits, ".", "_" and "-", up to 64 of them'
export const RULE_NAME = /^[A-Za-z0-9._-]{1,64}$/
const WHEN =
  'allowed: an expression like "verdict != \'healthy\'", { panel, tone }, { alert } or { silence, source }'
const PANEL_KEY = 'allowed: the key of a panel'
const when = z.lazy(() =>
  z.union(
    [
      filled,
      z.strictObject({
        panel: z.string(PANEL_KEY).min(1, PANEL_KEY).max(200, PANEL_KEY).describe('The key of a panel.'),
        tone: z.enum(['warn', 'error'], 'allowed: warn, error').describe('Its tone, or a worse one.'),
      }),
      z.strictObject({
        alert: z
          .enum(['info', 'warn', 'critical'], 'allowed: info, warn, critical')
          .describe('The level of an alert, or a worse one.'),
      }),
      z.strictObject({
        silence: duration(1_000, 30 * DAY_MS, '1s to 30d').describe(
          'The source has given no new document for this long.',
        ),
        source: filled.exactOptional().describe('The name of one of several sources; default: the document.'),
      }),
    ],
    WHEN,
  ),
)

export const notifyRow = z.lazy(() =>
  z.strictObject(
    {
      name: z
        .string(NAME)
        .regex(RULE_NAME, NAME)
        .exactOptional()
        .describe('Its name in messages, metrics and commands; default: rule-1, rule-2, …'),
      when: when.describe(
        'The condition: an expression over verdict, reasons, source, panels and facts, or a table.',
      ),
      for: duration(0, 7 * DAY_MS, '0s to 7d')
        .exactOptional()
        .describe('How long it must hold before the first message; default 0s.'),
      repeat: duration(10_000, 30 * DAY_MS, '10s to 30d')
        .exactOptional()
        .describe('How often the message is repeated while it lasts; default: never.'),
      send: z
        .array(targetRow, 'allowed: a list of tables { webhook }, { ntfy }, { exec } or { smtp }')
        .min(1, 'allowed: at least one table { webhook }, { ntfy }, { exec } or { smtp }')
        .max(MAX_SEND, `allowed: up to ${MAX_SEND} tables`)
        .describe('Where the message goes.'),
    },
    'allowed: a table [[notify]] with when, for, repeat, send',
  ),
)

const TIME = 'allowed: a time of the day like "22:00"'
const timeOfDay = z
  .string(TIME)
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, TIME)
  .transform(text => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))
const DAYS = `allowed: a list of ${WEEKDAYS.join(', ')}`
const RULES = 'allowed: a list of names of rules'

export const muteRow = z.lazy(() =>
  z.strictObject(
    {
      from: timeOfDay.describe('When it begins, in the time zone of the board.'),
      to: timeOfDay.describe('When it ends; not after `from`: on the next day.'),
      days: z
        .array(z.enum(WEEKDAYS, DAYS), DAYS)
        .min(1, DAYS)
        .exactOptional()
        .describe('The days on which it begins; default: every day.'),
      rules: z
        .array(z.string(RULES).regex(RULE_NAME, NAME), RULES)
        .min(1, RULES)
        .exactOptional()
        .describe('Which rules are muted; default: all.'),
      reason: filled.exactOptional().describe('Why, for people.'),
    },
    'allowed: a table [[mute]] with from, to, days, rules, reason',
  ),
)

function whenOf(given: z.output<typeof when>): NotifyWhen {
  if (typeof given === 'string') return { kind: 'expression', text: given }
  if ('panel' in given) return { kind: 'panel', ...given }
  if ('alert' in given) return { kind: 'alert', level: given.alert }
  return { kind: 'silence', afterMs: given.silence, source: given.source ?? null }
}

function fileFault(path: string, readSecretFile: ReadSecretFile): string | null {
  try {
    return readSecretFile(path).trim() === '' ? `the file ${path} is empty` : null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'
    return `the file ${path} cannot be read (${code})`
  }
}

/** The rules of rows that have the right form, and what is wrong between them. Files are read for each message, not kept. */
export function makeRules(
  rows: readonly z.output<typeof notifyRow>[],
  readSecretFile: ReadSecretFile,
  /** Begins the names of rules that have none. */
  prefix = 'rule',
): { readonly values: readonly NotifyRule[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = []
  const values = rows.map((row, at): NotifyRule => {
    const send = row.send.map(targetOf)
    send.forEach((target, i) => {
      for (const [key, path] of filesOf(target)) {
        const why = path === null ? null : fileFault(path, readSecretFile)
        if (why !== null) faults.push({ row: at, text: `send.${i}.${key}: ${why}` })
      }
    })
    return {
      name: row.name ?? `${prefix}-${at + 1}`,
      when: whenOf(row.when),
      forMs: row.for ?? 0,
      repeatMs: row.repeat ?? null,
      send,
    }
  })
  const names = values.map(({ name }) => name)
  names.forEach((name, at) => {
    if (names.indexOf(name) < at)
      faults.push({ row: at, text: 'another rule has this name; allowed: a name for each' })
  })
  return { values, faults }
}

export function makeMutes(rows: readonly z.output<typeof muteRow>[]): {
  readonly values: readonly MuteWindow[]
  readonly faults: readonly RowFault[]
} {
  const values = rows.map(row => ({
    fromMin: row.from,
    toMin: row.to,
    days: row.days ?? WEEKDAYS,
    rules: row.rules ?? null,
    reason: row.reason ?? '',
  }))
  return { values, faults: [] }
}

export const notifyTables = (about: About) =>
  tables({ row: notifyRow, nameKey: 'name', make: makeRules }, about)

export const muteTables = (about: About) =>
  tables({ row: muteRow, nameKey: 'reason', make: makeMutes }, about)
