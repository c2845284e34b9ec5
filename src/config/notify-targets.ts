// Where a message goes: one table of `send`. Types, the form of the table, and the files that it names.
import { z } from 'zod'
import { duration } from './kinds/durations.js'

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

const MAX_TO = 20
const MAX_ARGS = 50

const TEXT = 'allowed: a text that is not empty'
export const filled = z.string(TEXT).trim().min(1, TEXT).max(2_000, 'allowed: up to 2000 characters')
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

export const targetRow = z.lazy(() =>
  z
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
    }),
)

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

export function targetOf(row: z.output<typeof targetRow>): NotifyTarget {
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

/** The files that a target names, with the key that names each. */
export function filesOf(target: NotifyTarget): readonly (readonly [key: string, path: string | null])[] {
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
