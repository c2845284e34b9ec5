// `g6 config` and `g6 config check`.
import { Command } from 'commander'
import { loadSettings, serveFindings } from '../app/load-settings.js'
import { givenFlags, settingFlags } from '../config/flags.js'
import type { LoadResult } from '../config/load.js'
import { checkReport, configReport, type Report } from '../config/report.js'
import { sourceLine } from '../sources/shown.js'
import { checkSourceSpecs, parseSourceSpec } from '../sources/spec.js'
import { print } from './output.js'
import { sourceFlag } from './settings.js'

type Write = typeof print
type Options = {
  readonly json?: true
  readonly group?: string
  readonly changed?: true
  readonly source?: readonly string[]
}

/** `load` and `write` are the process's own unless given; a failed command sets `process.exitCode`. */
export function configCommand(write: Write = print, load: typeof loadSettings = loadSettings): Command {
  const loaded = (command: Command): LoadResult => load(givenFlags(command))
  const say = ({ text, ok }: Report): void => {
    write(text)
    if (!ok) process.exitCode = 1
  }

  const config = sourceFlag(settingFlags(new Command('config')))
    .description('Show every setting, its value and where it came from (secrets masked)')
    .option('--json', 'As JSON')
    .option('--group <name>', 'Only the settings of this group')
    .option('--changed', 'Only settings that are not at their default')
    .action((_options: unknown, command: Command) => {
      const { json, group, changed, source } = command.opts<Options>()
      const specs = source === undefined ? null : checkSourceSpecs(source.map(parseSourceSpec))
      say(
        configReport(loaded(command), {
          json: json ?? false,
          group: group ?? null,
          changed: changed ?? false,
          ...(specs === null ? {} : { sources: specs.map(sourceLine) }),
        }),
      )
    })

  settingFlags(config.command('check'))
    .option('--json', 'As JSON')
    .description('Report everything that is wrong with the settings; exit 1 when they cannot be used')
    .action((_options: unknown, command: Command) => {
      const result = loaded(command)
      const shown = result.ok
        ? { ...result, warnings: [...result.warnings, ...serveFindings(result)] }
        : result
      say(checkReport(shown, command.optsWithGlobals<{ json?: true }>().json ?? false))
    })
  return config
}
