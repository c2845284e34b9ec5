// `g6 keys`: the relay's own keys. A running server sees a change within 2 s.
import { Command, InvalidArgumentError } from 'commander'
import { faultText, type KeysDatabase, KeysError, openKeys } from '../chat/keys/database.js'
import { digestOf, newKeyText } from '../chat/keys/key-text.js'
import { dayOf } from '../chat/keys/token-uses.js'
import { settingFlags } from '../config/flags.js'
import { duration } from '../config/kinds/durations.js'
import { type Rate, rate } from '../config/kinds/numbers.js'
import { nearest } from '../config/nearest.js'
import { randomId } from '../guards/ids.js'
import { whole } from './arguments.js'
import { keyDocument, keyLines, usageDocument, usageLines } from './keys-text.js'
import { complain, print } from './output.js'
import { prepare } from './settings.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MAX_DAYS = 3_650
const MAX_TOKENS = 1e15
const MAX_MODELS = 100

function named(text: string): string {
  // The metrics call so all keys above their limit.
  if (text === 'other') throw new InvalidArgumentError('"other" has a meaning of its own in the metrics')
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text
  throw new InvalidArgumentError(
    'allowed: up to 64 letters, digits, ".", "_" and "-", the first of them a letter or a digit',
  )
}

function starts(text: string): Rate {
  const { allowed, parse } = rate({ count: 0, windowSec: 1 }, { about: '' })
  const parsed = parse(text)
  if (parsed.ok) return parsed.value
  throw new InvalidArgumentError(`allowed: ${allowed}`)
}

function tokensPerDay(text: string): number {
  const tokens = Number(/^(\d{1,16})(?:\/day)?$/.exec(text)?.[1] ?? Number.NaN)
  if (tokens >= 1 && tokens <= MAX_TOKENS) return tokens
  throw new InvalidArgumentError(
    `allowed: a number from 1 to ${MAX_TOKENS} of tokens a day, as in 2000000/day`,
  )
}

function expiresAfterMs(text: string): number {
  const parsed = duration(MINUTE_MS, MAX_DAYS * DAY_MS, `1m to ${MAX_DAYS}d`).safeParse(text)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError(`allowed: a time with its unit, as in 90d, 12h or 30m; up to ${MAX_DAYS}d`)
}

function models(text: string): readonly string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.length <= MAX_MODELS && names.every(name => /^[\x21-\x7e]{1,200}$/.test(name))) return names
  throw new InvalidArgumentError(`allowed: up to ${MAX_MODELS} names of models, with commas between them`)
}

type Add = {
  readonly name: string
  readonly limit?: Rate
  readonly live?: number
  readonly tokens?: number
  readonly expires?: number
  readonly models?: readonly string[]
  readonly json?: true
}
type Named = { readonly name?: string; readonly json?: true }
type Usage = Named & { readonly days: number }

/** Opens the database that the settings name, and closes it. */
function withKeys(command: Command, create: boolean, work: (database: KeysDatabase) => void): void {
  const prepared = prepare(command)
  if (prepared === null) return
  const { keysDb } = prepared.loaded.config
  let database: KeysDatabase | null = null
  try {
    database = openKeys(keysDb, create)
    work(database)
  } catch (error) {
    throw new Error(faultText(keysDb, error), { cause: error })
  } finally {
    database?.close()
  }
}

function unknown(name: string, database: KeysDatabase): Error {
  const near = nearest(
    name,
    database.keys('all').map(key => key.name),
  )
  return new KeysError(
    `there is no key named ${name}; ${near === null ? 'g6 keys list shows them' : `perhaps ${near}`}`,
  )
}

export function keysCommand(
  write: (text: string) => void = print,
  note: (text: string) => void = complain,
): Command {
  const keys = new Command('keys').description(
    'Make, list and revoke the keys of the chat relay, and show what they used',
  )
  const say = (lines: readonly string[]): void => write(lines.map(line => `${line}\n`).join(''))
  const asJson = (documents: readonly object[]): void => say(documents.map(each => JSON.stringify(each)))
  const command = (name: string, about: string): Command =>
    settingFlags(keys.command(name), ['G6_KEYS_DB']).description(about)

  command('add', 'Make a key, and show it this once')
    .requiredOption('--name <name>', 'What lists, metrics and the audit call it', named)
    .option('--limit <n/seconds>', 'Answers it may start in a sliding window (default: G6_CHAT_RATE)', starts)
    .option('--live <n>', 'Live answers at once (default: G6_CHAT_MAX_STREAMS_PER_USER)', whole(1, 1_000_000))
    .option('--tokens <n/day>', 'Tokens a day in UTC, in and out together (default: no budget)', tokensPerDay)
    .option('--expires <time>', 'When it expires, as in 90d (default: never)', expiresAfterMs)
    .option('--models <names>', 'The models its callers may name, with commas (default: all)', models)
    .option('--json', 'As JSON')
    .action((given: Add, self: Command) =>
      withKeys(self, true, database => {
        const nowMs = Date.now()
        const text = newKeyText()
        const key = {
          id: randomId(12, 'hex'),
          name: given.name,
          digest: digestOf(text),
          createdAtMs: nowMs,
          expiresAtMs: given.expires === undefined ? null : nowMs + given.expires,
          revokedAtMs: null,
          limit: given.limit ?? null,
          live: given.live ?? null,
          tokensPerDay: given.tokens ?? null,
          models: given.models ?? null,
        }
        database.add(key)
        if (given.json) asJson([{ key: text, ...keyDocument(key, nowMs) }])
        else say([text])
        note(
          `g6: the key ${key.name} is not shown again: keep it now; clients send it as Bearer or x-api-key\n`,
        )
      }),
    )

  command('list', 'Show the keys, those that were revoked too')
    .option('--json', 'As JSON lines')
    .action(({ json }: Named, self: Command) =>
      withKeys(self, false, database => {
        const all = database.keys('all')
        if (json) asJson(all.map(key => keyDocument(key, Date.now())))
        else say(keyLines(all, Date.now()))
      }),
    )

  command('revoke', 'Revoke a key: its callers are refused, and their connections end, within 2 s')
    .argument('[name]', 'Its name')
    .option('--name <name>', 'The same')
    .option('--json', 'As JSON')
    .action((argument: string | undefined, given: Named, self: Command) =>
      withKeys(self, false, database => {
        const name = argument ?? given.name
        if (name === undefined) throw new KeysError('no key given; allowed: g6 keys revoke NAME')
        const result = database.revoke(name, Date.now())
        if (result === 'unknown') throw unknown(name, database)
        if (given.json) asJson([{ name, result }])
        else say([result === 'revoked' ? `${name} is revoked` : `${name} was revoked before`])
      }),
    )

  command('usage', 'Show the tokens that keys used, day by day in UTC')
    .option('--name <name>', 'Only of this key')
    .option('--days <n>', 'Of so many days, today included', whole(1, MAX_DAYS), 7)
    .option('--json', 'As JSON lines')
    .action(({ name, days, json }: Usage, self: Command) =>
      withKeys(self, false, database => {
        const names = new Map(database.keys('all').map(key => [key.id, key.name]))
        if (name !== undefined && ![...names.values()].includes(name)) throw unknown(name, database)
        const uses = database
          .usage(dayOf(Date.now()) - days + 1)
          .map(use => usageDocument(use, names.get(use.keyId) ?? use.keyId))
          .filter(use => name === undefined || use.key === name)
        if (json) asJson(uses)
        else say(usageLines(uses))
      }),
    )
  return keys
}
