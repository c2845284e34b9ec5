// Settings and sources of a command: from its flags, the environment and the file; errors go to standard error.
import type { Writable } from 'node:stream'
import { type Command, InvalidArgumentError } from 'commander'
import { loadSettings } from '../app/load-settings.js'
import type { Recorded } from '../app/recorded.js'
import type { Play } from '../app/source.js'
import { givenFlags } from '../config/flags.js'
import type { Flags } from '../config/layers.js'
import type { Loaded, LoadResult } from '../config/load.js'
import type { Config } from '../config/settings.js'
import { createLog, type Log } from '../log/log.js'
import { createLokiStream } from '../log/loki.js'
import { outgoingFetch } from '../outgoing/fetch.js'
import { startOf } from '../sources/replay.js'
import { complain } from './output.js'

export type Prepared = {
  readonly loaded: Loaded
  readonly log: Log
  /** The same again, for SIGHUP. */
  readonly load: () => LoadResult
}

/** `more`: the command's own defaults. `logTo`: instead of standard error. Null: the errors are printed and the exit code is set. */
export function prepare(command: Command, more: Flags = {}, logTo?: Writable): Prepared | null {
  const { flags, configPath } = givenFlags(command)
  const load = (): LoadResult => loadSettings({ flags: { ...more, ...flags }, configPath })
  const loaded = load()
  if (!loaded.ok) {
    const count = loaded.errors.length === 1 ? 'a setting' : `${loaded.errors.length} settings`
    complain(`g6: ${count} cannot be used\n`)
    for (const { message } of loaded.errors) complain(`  ${message}\n`)
    process.exitCode = 1
    return null
  }
  const { logLevel, logFormat } = loaded.config
  const format = logFormat ?? (process.stderr.isTTY === true ? 'pretty' : 'json')
  const log = createLog({
    level: logLevel,
    format,
    ...(logTo !== undefined && { destination: logTo }),
    ...lokiOf(loaded.config),
  })
  for (const { message } of loaded.warnings) log.warn(message)
  return { loaded, log, load }
}

/** Lines go to Loki too, when one is named; waiting lines go out before the process ends by itself. */
function lokiOf({ grafanaLokiUrl, grafanaLokiUser, grafanaApiKey }: Config) {
  if (grafanaLokiUrl === null) return {}
  // A problem of the log cannot go into the log.
  const say = (line: object): void => complain(`${JSON.stringify(line)}\n`)
  const loki = createLokiStream({
    fetch: outgoingFetch,
    url: grafanaLokiUrl,
    user: grafanaLokiUser,
    key: grafanaApiKey,
    onState: (why, dropped) => {
      const msg = why === null ? 'Loki takes log lines again' : 'Loki does not take log lines'
      say({ level: why === null ? 30 : 40, time: new Date().toISOString(), why, dropped, msg })
    },
  })
  process.once('beforeExit', () => void loki.close())
  return { also: loki.stream }
}

function collected(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** The flags that say how a recording is played, and what they say. */
export function playFlags(command: Command): Command {
  return command
    .option(
      '--from <time>',
      'Of a recording: begin at 09:15, a date, or a date with a time, in the zone of the board',
      from,
    )
    .option('--speed <factor>', 'Of a recording: so many times as fast', speed)
    .option('--loop', 'Of a recording: begin again at its end')
}

export function playOf({ from, speed, loop }: Play, recorded: Pick<Recorded, 'boards'> | null): Play {
  return {
    ...(recorded?.boards === true ? { boards: true } : {}),
    ...(from === undefined ? {} : { from }),
    ...(speed === undefined ? {} : { speed }),
    ...(loop === undefined ? {} : { loop }),
  }
}

function from(text: string): string {
  if (startOf(text, 0, 'UTC') === null)
    throw new InvalidArgumentError('It must be a time: 09:15, 2026-11-30 or 2026-11-30T09:15.')
  return text
}

const MAX_SPEED = 1_000

function speed(text: string): number {
  const factor = Number(text)
  if (!(factor > 0 && factor <= MAX_SPEED))
    throw new InvalidArgumentError(`It must be a number above 0, at most ${MAX_SPEED}.`)
  return factor
}

/** The `--source` flag of the commands that show or serve a board. */
export function sourceFlag(command: Command): Command {
  return command.option(
    '--source <source>',
    'Where readings come from, instead of what the settings name: a path or file:PATH, json:URL (a JSON document), stdin:, ' +
      'push:NAME, replay:PATH, status:URL (…/events) or board:URL (another server: its board is followed as it is). With ' +
      'NAME= in front its document becomes the member of that name. May be given several times',
    collected,
  )
}
