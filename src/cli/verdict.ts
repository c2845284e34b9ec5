// `g6 verdict`: how the system of a server is, in one line and an exit code, as monitoring plugins do (Nagios, Icinga, cron).
import { Argument, Command } from 'commander'
import { z } from 'zod'
import { settingFlags } from '../config/flags.js'
import { shownText } from '../panels/text.js'
import { number } from './arguments.js'
import { documentOf, ownUrl } from './asking.js'
import { print } from './output.js'
import { prepare } from './settings.js'

/** A server of a later version may say more. */
const answer = z.looseObject({
  verdict: z.looseObject({ word: z.string(), reasons: z.array(z.string()) }),
})

type Result = { readonly code: 0 | 1 | 2 | 3; readonly line: string }

const NAMES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
const CODES: ReadonlyMap<string, Result['code']> = new Map([
  ['healthy', 0],
  ['attention', 1],
  ['failing', 2],
])
const DEFAULT_TIMEOUT_SEC = 10
const MAX_REASONS = 20

/** `|` begins performance data in the output of a plugin. */
function plain(text: string): string {
  return shownText(text).replaceAll('|', '¦')
}

function result(code: Result['code'], why: string): Result {
  return { code, line: `${NAMES[code]} - ${why}` }
}

/** What a monitoring system gets for the health document of a server. */
export function pluginResult(health: unknown): Result {
  const parsed = answer.safeParse(health)
  if (!parsed.success) return result(3, 'the server does not say how the system is')
  const { word, reasons } = parsed.data.verdict
  const shown = reasons.length > 0 ? reasons.slice(0, MAX_REASONS).map(plain).join('; ') : plain(word)
  return result(CODES.get(word) ?? 3, shown)
}

export function verdictCommand(): Command {
  const command = new Command('verdict')
  const ended = ({ code, line }: Result): void => {
    print(`${line}\n`)
    process.exitCode = code
  }
  return (
    settingFlags(command, ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
      .description('Print how the system is in one line; exit 0 healthy, 1 attention, 2 failing, 3 unknown')
      .addArgument(new Argument('[url]', 'The server; by default the one of these settings, on this machine'))
      .option('--timeout <seconds>', 'How long the answer may take', number(0.1, 600), DEFAULT_TIMEOUT_SEC)
      // A wrong call is unknown, not a warning.
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 3))
      .action(async (url: string | undefined, { timeout }: { readonly timeout: number }) => {
        const prepared = prepare(command)
        if (prepared === null) {
          process.exitCode = 3
          return
        }
        const { config } = prepared.loaded
        try {
          const health = await documentOf({
            base: url ?? ownUrl(config),
            path: 'summary/health',
            token: config.sseApiToken,
            timeoutMs: timeout * 1000,
          })
          ended(pluginResult(health))
        } catch (error) {
          ended(result(3, plain(error instanceof Error ? error.message : String(error))))
        }
      })
  )
}
