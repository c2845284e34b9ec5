// `g6 history`: the numbers of a server's board over time, and how it was.
import { Argument, Command } from 'commander'
import { settingFlags } from '../config/flags.js'
import { historyCsv } from '../history/csv.js'
import { historyText, verdictsText } from '../history/text.js'
import { speaksUtf8 } from '../outputs/terminal/rim/capabilities.js'
import { historyDocument, verdictLogDocument } from '../protocol/history.js'
import { documentOf, ownUrl } from './asking.js'
import { print } from './output.js'
import { prepare } from './settings.js'

const TIMEOUT_MS = 10_000

type Options = {
  readonly url?: string
  readonly last: string
  readonly step?: string
  readonly csv?: true
  readonly json?: true
}

export function historyCommand(): Command {
  return settingFlags(new Command('history'), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
    .description('Show numbers of the board over time, or how the system was')
    .addArgument(
      new Argument(
        '<series...>',
        'Ids of facts (indices.NIFTY.ltp) or labels (indices/NIFTY/LTP); or the word verdicts',
      ),
    )
    .option('--url <url>', 'The server; by default the one of these settings, on this machine')
    .option('--last <time>', 'How far back: 90s, 15m, 6h, 7d', '15m')
    .option('--step <time>', 'Between two values; by default about 900 values')
    .option('--csv', 'As CSV')
    .option('--json', 'As JSON')
    .action(async (series: string[], options: Options, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const base = options.url ?? ownUrl(config)
      const isVerdicts = series.length === 1 && series[0] === 'verdicts'
      const query = new URLSearchParams({ series: series.join(','), from: `-${options.last}` })
      if (options.step !== undefined) query.set('step', options.step)
      const path = isVerdicts ? 'summary/history/verdicts' : `summary/history?${query}`
      const given = await documentOf({ base, path, token: config.sseApiToken, timeoutMs: TIMEOUT_MS })
      const style = { timezone: config.timezone, hasUtf8: speaksUtf8(process.env) }
      const asJson = `${JSON.stringify(given)}\n`
      if (isVerdicts) {
        const document = parsed(verdictLogDocument.safeParse(given), base)
        print(options.json ? asJson : verdictsText(document, style))
        return
      }
      const document = parsed(historyDocument.safeParse(given), base)
      if (options.json) print(asJson)
      else print(options.csv ? historyCsv(document, '\n') : historyText(document, style))
      if (document.series.length === 0) process.exitCode = 1
    })
}

type Parsed<T> = { readonly success: true; readonly data: T } | { readonly success: false }

function parsed<T>(result: Parsed<T>, base: string): T {
  if (result.success) return result.data
  throw new Error(`${new URL(base).origin} answers with no history`)
}
