// `g6 config` and `g6 config check`.
import { Command } from 'commander'
import { givenFlags, settingFlags } from '../config/flags.js'
import { loadConfigFromProcess } from '../config/from-process.js'
import type { LoadResult } from '../config/load.js'
import { checkReport, configReport, type Report } from '../config/report.js'
import { judgeBind } from '../guards/open-bind.js'

type Write = (text: string) => void

/**
 * With what only a server would find: settings that can be used each by itself. A warning, for a check may run where the
 * server's own token is not named.
 */
function asServed(result: LoadResult): LoadResult {
  if (!result.ok) return result
  const { enableSseStreaming, ragBackendUrl } = result.config
  const bind = judgeBind(result.config)
  const start = bind.kind === 'refused' ? 'g6 serve does not start: ' : ''
  const open = bind.kind === 'fine' ? [] : [{ name: 'G6_HTTP_HOST', message: start + bind.text }]
  const unanswered =
    enableSseStreaming && ragBackendUrl.length === 0
      ? [
          {
            name: 'RAG_BACKEND_URL',
            message:
              'ENABLE_SSE_STREAMING is on without RAG_BACKEND_URL: every question is answered 503 no_backend',
          },
        ]
      : []
  return { ...result, warnings: [...result.warnings, ...open, ...unanswered] }
}

/** `load` and `write` are the process's own unless given; a failed command sets `process.exitCode`. */
export function configCommand(
  write: Write = text => process.stdout.write(text),
  load: typeof loadConfigFromProcess = loadConfigFromProcess,
): Command {
  const loaded = (command: Command): LoadResult => load(givenFlags(command))
  const say = ({ text, ok }: Report): void => {
    write(text)
    if (!ok) process.exitCode = 1
  }

  const config = settingFlags(new Command('config'))
    .description('Show every setting, its value and where it came from (secrets masked)')
    .option('--json', 'As JSON')
    .option('--group <name>', 'Only the settings of this group')
    .option('--changed', 'Only what is not at its default')
    .action((_options: unknown, command: Command) => {
      const { json, group, changed } = command.opts<{ json?: true; group?: string; changed?: true }>()
      say(
        configReport(loaded(command), {
          json: json ?? false,
          group: group ?? null,
          changed: changed ?? false,
        }),
      )
    })

  settingFlags(config.command('check'))
    .option('--json', 'As JSON')
    .description('Say everything that is wrong with the settings; exit 1 when they cannot be used')
    .action((_options: unknown, command: Command) => {
      say(checkReport(asServed(loaded(command)), command.optsWithGlobals<{ json?: true }>().json ?? false))
    })
  return config
}
