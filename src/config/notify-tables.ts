// The tables of notifications: `[[notify]]`, what is sent when, also in a board file; and `[[mute]]`, when nothing is sent.
// What a condition means is in src/notify/condition.ts.
import { z } from 'zod'
import { duration } from './kinds/durations.js'
import { type RowFault, tables } from './kinds/tables.js'
import type { About, ReadSecretFile } from './setting.js'

/** A text, or the file that holds it: it is read for each use. */
export type Address = string | { readonly file: string }

export const WEBHOOK_FORMATS = ['json', 'slack', 'telegram', 'discord', 'pagerduty'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

export type NotifyTarget =
  | {
      readonly kind: 'webhook'
      readonly url: Address
      readonly format: WebhookFormat
      readonly secretFile: string | null
      readonly keyFile: string | null
      readonly chat: string | null
    }
  | { readonly kind: 'ntfy'; readonly url: Address; readonly tokenFile: string | null }
  | { readonly kind: 'exec'; readonly command: readonly string[]; readonly timeoutMs: number }
  | {
      readonly kind: 'smtp'
      readonly url: Address
      readonly from: string
      readonly to: readonly string[]
      readonly user: string | null
      readonly passwordFile: string | null
    }

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
const MAX_TO = 20
const MAX_ARGS = 50
const DAY_MS = 24 * 3_600_000

const NAME = 'allowed: letters, digits, ".", "_" and "-", up to 64 of them'
export const RULE_NAME = /^[A-Za-z0-9._-]{1,64}$/
const TEXT = 'allowed: a text that is not empty'
const filled = z.string(TEXT).trim().min(1, TEXT).max(2_000, 'allowed: up to 2000 characters')
const FILE = 'allowed: the path of a file'
const filePath = z
  .string(FILE)
  .min(1, FILE)
  .refine(path => !path.includes('\0'), FILE)
const ADDRESS = 'allowed: a URL, or { file = "…" } with a file that holds it'
const address = z.union([filled, z.strictObject({ file: filePath }, ADDRESS)], ADDRESS)
const COMMAND = 'allowed: a list of a command and its arguments, as in ["/usr/local/bin/page", "--"]'
const MAIL = 'allowed: an address like ops@example.org'
const mail = z
  .string(MAIL)
  .max(254, MAIL)
  .regex(/^[^\s@<>"(),:;\\[\]]+@[^\s@<>"(),:;\\[\]]+$/, MAIL)

const KEYS_OF: Readonly<Record<string, readonly string[]>> = {
  webhook: ['format', 'secret_file', 'key_file', 'chat'],
  ntfy: ['token_file'],
  exec: ['timeout'],
  smtp: ['from', 'to', 'user', 'password_file'],
}
const KINDS = Object.keys(KEYS_OF)
const TARGET = `allowed: a table with one of ${KINDS.join(', ')}`
const FORMAT = `allowed: ${WEBHOOK_FORMATS.join(', ')}`

const targetRow = z
  .strictObject(
    {
      webhook: address.exactOptional().describe('The URL that gets a POST, or { file } with it.'),
      format: z
        .enum(WEBHOOK_FORMATS, FORMAT)
        .exactOptional()
        .describe('The form of the body; default json, which is ours.'),
      secret_file: filePath
        .exactOptional()
        .describe('The file of the secret that signs each request (X-G6-Signature).'),
      key_file: filePath.exactOptional().describe('For pagerduty: the file of the integration key.'),
      chat: filled.exactOptional().describe('For telegram: the chat that gets the message.'),
      ntfy: address.exactOptional().describe('The URL of an ntfy topic, or { file } with it.'),
      token_file: filePath.exactOptional().describe('The file of the access token of ntfy.'),
      exec: z
        .array(z.string(COMMAND).max(4_096, COMMAND), COMMAND)
        .min(1, COMMAND)
        .max(MAX_ARGS, COMMAND)
        .refine(([command = '']) => command !== '', COMMAND)
        .exactOptional()
        .describe('A command and its arguments; it gets the message as JSON on standard input.'),
      timeout: duration(100, 600_000, '100ms to 10m')
        .exactOptional()
        .describe('How long the command may run; default 10s.'),
      smtp: address
        .exactOptional()
        .describe('The mail server, like smtps://mail.example.org or smtp://mail.example.org:587.'),
      from: mail.exactOptional().describe('The sender of the mail.'),
      to: z
        .array(mail, 'allowed: a list of addresses')
        .min(1, 'allowed: a list of addresses')
        .max(MAX_TO, `allowed: up to ${MAX_TO} addresses`)
        .exactOptional()
        .describe('Who gets the mail.'),
      user: filled.exactOptional().describe('The user at the mail server.'),
      password_file: filePath.exactOptional().describe('The file of its password.'),
    },
    TARGET,
  )
  .superRefine((row, context) => {
    const issue = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    const [kind, ...others] = KINDS.filter(key => Object.hasOwn(row, key))
    if (kind === undefined || others.length > 0) return issue([], TARGET)
    const allowed = [kind, ...(KEYS_OF[kind] ?? [])]
    for (const key of Object.keys(row))
      if (!allowed.includes(key))
        issue([key], `it changes nothing with ${kind}; allowed: ${allowed.join(', ')}`)
    const { format = 'json', webhook, ntfy, smtp } = row
    const web = webhook ?? ntfy
    if (typeof web === 'string' && !isUrl(web, ['http:', 'https:']))
      issue([kind], 'allowed: a URL beginning with http:// or https://, without a user name or a password')
    if (typeof smtp === 'string' && !isUrl(smtp, ['smtp:', 'smtps:']))
      issue(['smtp'], 'allowed: smtp://HOST:PORT or smtps://HOST, without a user name or a password')
    if (kind === 'webhook' && (format === 'telegram') !== (row.chat !== undefined))
      issue(['chat'], 'allowed: chat with format = "telegram", which needs it')
    if (kind === 'webhook' && (format === 'pagerduty') !== (row.key_file !== undefined))
      issue(['key_file'], 'allowed: key_file with format = "pagerduty", which needs it')
    if (kind === 'smtp') {
      if (row.from === undefined) issue(['from'], `it is missing; ${MAIL}`)
      if (row.to === undefined) issue(['to'], 'it is missing; allowed: a list of addresses')
      if ((row.user === undefined) !== (row.password_file === undefined))
        issue(['user'], 'allowed: user and password_file, or none of them')
    }
  })

/** Credentials in a URL would be sent to anybody who gets the board file; a token in its path or query belongs in a file. */
function isUrl(text: string, protocols: readonly string[]): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  return (
    url !== null &&
    protocols.includes(url.protocol) &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === ''
  )
}

/** What a file or a setting gave as an address; null: it cannot be used. */
export function usableUrl(text: string, protocols: readonly string[]): URL | null {
  return isUrl(text, protocols) ? new URL(text) : null
}

const WHEN =
  'allowed: an expression like "verdict != \'healthy\'", { panel, tone }, { alert } or { silence, source }'
const PANEL_KEY = 'allowed: the key of a panel'
const when = z.union(
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
)

export const notifyRow = z.strictObject(
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
)

const TIME = 'allowed: a time of the day like "22:00"'
const timeOfDay = z
  .string(TIME)
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, TIME)
  .transform(text => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))
const DAYS = `allowed: a list of ${WEEKDAYS.join(', ')}`
const RULES = 'allowed: a list of names of rules'

export const muteRow = z.strictObject(
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
)

function targetOf(row: z.output<typeof targetRow>): NotifyTarget {
  const { webhook, ntfy, exec, smtp } = row
  if (webhook !== undefined)
    return {
      kind: 'webhook',
      url: webhook,
      format: row.format ?? 'json',
      secretFile: row.secret_file ?? null,
      keyFile: row.key_file ?? null,
      chat: row.chat ?? null,
    }
  if (ntfy !== undefined) return { kind: 'ntfy', url: ntfy, tokenFile: row.token_file ?? null }
  if (exec !== undefined) return { kind: 'exec', command: exec, timeoutMs: row.timeout ?? 10_000 }
  return {
    kind: 'smtp',
    url: smtp ?? '',
    from: row.from ?? '',
    to: row.to ?? [],
    user: row.user ?? null,
    passwordFile: row.password_file ?? null,
  }
}

function whenOf(given: z.output<typeof when>): NotifyWhen {
  if (typeof given === 'string') return { kind: 'expression', text: given }
  if ('panel' in given) return { kind: 'panel', ...given }
  if ('alert' in given) return { kind: 'alert', level: given.alert }
  return { kind: 'silence', afterMs: given.silence, source: given.source ?? null }
}

/** The files that a target names, with the key that names each. */
function filesOf(target: NotifyTarget): readonly (readonly [key: string, path: string | null])[] {
  const own = target.kind !== 'exec' && typeof target.url !== 'string' ? target.url.file : null
  switch (target.kind) {
    case 'webhook':
      return [
        ['webhook', own],
        ['secret_file', target.secretFile],
        ['key_file', target.keyFile],
      ]
    case 'ntfy':
      return [
        ['ntfy', own],
        ['token_file', target.tokenFile],
      ]
    case 'smtp':
      return [
        ['smtp', own],
        ['password_file', target.passwordFile],
      ]
    case 'exec':
      return []
  }
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
