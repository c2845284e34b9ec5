// `g6 readers`: who is connected to a server.
import { Argument, Command } from 'commander'
import { settingFlags } from '../config/flags.js'
import { readersDocument } from '../protocol/readers.js'
import { documentOf, ownUrl } from './asking.js'
import { print } from './output.js'
import { readersText } from './readers-text.js'
import { prepare } from './settings.js'

const TIMEOUT_MS = 10_000

export function readersCommand(): Command {
  return settingFlags(new Command('readers'), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
    .description('Show who is connected to a server')
    .addArgument(new Argument('[url]', 'The server; by default the one of these settings, on this machine'))
    .option('--json', 'As JSON')
    .action(async (url: string | undefined, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const base = url ?? ownUrl(config)
      const given = await documentOf({
        base,
        path: 'summary/readers',
        token: config.sseApiToken,
        timeoutMs: TIMEOUT_MS,
      })
      const parsed = readersDocument.safeParse(given)
      if (!parsed.success) throw new Error(`${new URL(base).origin} answers with no list of readers`)
      const document = parsed.data
      print(command.opts<{ json?: true }>().json ? `${JSON.stringify(document)}\n` : readersText(document))
    })
}
