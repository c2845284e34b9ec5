// Settings for a command: loaded from its flags, the environment and the file; what is wrong is said on standard error.
import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import { loadSettings } from '../app/load-settings.js'
import { givenFlags } from '../config/flags.js'
import type { Flags } from '../config/layers.js'
import type { Loaded, LoadResult } from '../config/load.js'
import type { Config } from '../config/settings.js'
import { createLog, type Log } from '../log/log.js'
import { createLokiStream } from '../log/loki.js'
import { complain } from './output.js'

export type Prepared = {
  readonly loaded: Loaded
  readonly log: Log
  /** The same again, for SIGHUP. */
  readonly load: () => LoadResult
}

/** `more`: settings the command itself decides, where nobody else did. `logTo`: instead of standard error. Null: said what is wrong, exit code set. */
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

/** Where lines go besides, when a Loki is named; what waits goes out before the process ends by itself. */
function lokiOf({ grafanaLokiUrl, grafanaLokiUser, grafanaApiKey }: Config) {
  if (grafanaLokiUrl === null) return {}
  // What goes wrong with the log cannot go into the log.
  const say = (line: object): void => complain(`${JSON.stringify(line)}\n`)
  const loki = createLokiStream({
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
