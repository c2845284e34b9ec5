// `g6 mute`: a running server sends nothing for a time.
import { Argument, Command, InvalidArgumentError } from 'commander'
import { settingFlags } from '../config/flags.js'
import { duration } from '../config/kinds/durations.js'
import { muteData, notifyDocument, unmutedDocument } from '../protocol/notify.js'
import { documentOf, ownUrl } from './asking.js'
import { mutesText } from './notify-text.js'
import { print } from './output.js'
import { prepare } from './settings.js'

const TIMEOUT_MS = 10_000
const length = duration(1_000, 30 * 24 * 3_600_000, '1s to 30d')

function lengthMs(text: string): number {
  const parsed = length.safeParse(text)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'allowed: a time like 30m')
}

type Options = {
  readonly url?: string
  readonly reason: string
  readonly rule?: readonly string[]
  readonly list?: true
  readonly end?: string
}

export function muteCommand(): Command {
  return settingFlags(new Command('mute'), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
    .description('Stop notifications of a server for a time; what is open is still ended')
    .addArgument(new Argument('[time]', 'How long: 90s, 30m, 2h, 1d').argParser(lengthMs))
    .option('--reason <text>', 'Why, for people', '')
    .option('--rule <name...>', 'Of these rules only')
    .option('--list', 'Show what is muted')
    .option('--end <id>', 'End this mute, or all')
    .option('--url <url>', 'The server; by default the one of these settings, on this machine')
    .action(async (forMs: number | undefined, options: Options, command: Command) => {
      const { list, end, reason, rule } = options
      if ([forMs, list, end].filter(given => given !== undefined).length !== 1)
        throw new Error('give one of: a time (g6 mute 30m --reason …), --list, --end ID')
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const asked = { base: options.url ?? ownUrl(config), token: config.sseApiToken, timeoutMs: TIMEOUT_MS }
      const path = 'summary/notify'
      if (list) {
        const { mutes } = notifyDocument.parse(await documentOf({ ...asked, path }))
        print(mutesText(mutes, Date.now()))
      } else if (end !== undefined) {
        const ending = { path: `${path}/mutes/${encodeURIComponent(end)}`, method: 'DELETE' } as const
        const { ended } = unmutedDocument.parse(await documentOf({ ...asked, ...ending }))
        print(`${ended} ended\n`)
      } else {
        const body = {
          for_sec: (forMs ?? 0) / 1000,
          reason,
          ...(rule === undefined ? {} : { rules: rule }),
        }
        const made = await documentOf({ ...asked, path: `${path}/mutes`, method: 'POST', body })
        print(mutesText([muteData.parse(made)], Date.now()))
      }
    })
}
