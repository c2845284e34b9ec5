// `g6 notify`: the rules of a running server; acknowledge what lasts, and send a test message.
import { Argument, Command } from 'commander'
import { settingFlags } from '../config/flags.js'
import { acknowledgedDocument, notifyDocument, testDocument } from '../protocol/notify.js'
import { documentOf, ownUrl } from './asking.js'
import { rulesText, testText } from './notify-text.js'
import { print } from './output.js'
import { prepare } from './settings.js'

/** A test message may wait for its receiver. */
const TIMEOUT_MS = 30_000
const PATH = 'summary/notify'

type Options = { readonly url?: string; readonly json?: true }
type Ask = (path: string, body?: object) => Promise<unknown>

function asking(name: string): Command {
  return settingFlags(new Command(name), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN']).option(
    '--url <url>',
    'The server; by default the one of these settings, on this machine',
  )
}

/** Null: the settings cannot be used, and the errors were printed. */
function askOf(command: Command): Ask | null {
  const prepared = prepare(command)
  if (prepared === null) return null
  const { config } = prepared.loaded
  const base = command.opts<Options>().url ?? ownUrl(config)
  const asked = { base, token: config.sseApiToken, timeoutMs: TIMEOUT_MS }
  return (path, body) =>
    documentOf({ ...asked, path, ...(body === undefined ? {} : { method: 'POST', body }) })
}

const RULE = '[rule]'
const ruleBody = (rule: string | undefined): object => (rule === undefined ? {} : { rule })

function listCommand(): Command {
  return asking('list')
    .description('Show the rules of a server, and what waits to be delivered')
    .option('--json', 'As JSON')
    .action(async (options: Options, command: Command) => {
      const ask = askOf(command)
      if (ask === null) return
      const document = notifyDocument.parse(await ask(PATH))
      print(options.json ? `${JSON.stringify(document)}\n` : rulesText(document, Date.now()))
    })
}

function acknowledgeCommand(): Command {
  return asking('ack')
    .description('Stop the repeats of what lasts now')
    .addArgument(new Argument(RULE, 'The rule; by default all'))
    .action(async (rule: string | undefined, _options: unknown, command: Command) => {
      const ask = askOf(command)
      if (ask === null) return
      const { rules } = acknowledgedDocument.parse(await ask(`${PATH}/acknowledge`, ruleBody(rule)))
      print(rules.length === 0 ? 'nothing is open\n' : `acknowledged: ${rules.join(', ')}\n`)
    })
}

function testCommand(): Command {
  return asking('test')
    .description('Send a test message now, past mutes; exit 1 when a receiver does not take it')
    .addArgument(new Argument(RULE, 'The rule; by default all'))
    .action(async (rule: string | undefined, _options: unknown, command: Command) => {
      const ask = askOf(command)
      if (ask === null) return
      const { results } = testDocument.parse(await ask(`${PATH}/test`, ruleBody(rule)))
      print(testText(results))
      if (results.some(({ ok }) => !ok)) process.exitCode = 1
    })
}

export function notifyCommand(): Command {
  return new Command('notify')
    .description('Show the rules of notifications, acknowledge, send a test message')
    .addCommand(listCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(testCommand())
}
