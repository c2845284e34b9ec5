// `g6 fleet`: the servers of a fleet, as one of them knows them.
import { setTimeout as wait } from 'node:timers/promises'
import { Argument, Command } from 'commander'
import { MOST_NODES, startFleetDemo } from '../app/fleet-demo/demo.js'
import { settingFlags } from '../config/flags.js'
import { type FleetDocument, fleetDocument } from '../protocol/fleet.js'
import { MAX_SEED } from '../simulator/prng.js'
import { whole } from './arguments.js'
import { documentOf, ownUrl } from './asking.js'
import { fleetText } from './fleet-text.js'
import { print } from './output.js'
import { prepare } from './settings.js'

const TIMEOUT_MS = 10_000
const EVERY_MS = 1_000
const CLEAR = '\u001b[H\u001b[2J'

type Options = { readonly json?: true; readonly watch?: true }

export function fleetCommand(): Command {
  return settingFlags(new Command('fleet'), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
    .description('Show the servers of a fleet, and who publishes its board')
    .addArgument(new Argument('[url]', 'Any of them; by default the one of these settings, on this machine'))
    .option('--json', 'As JSON')
    .option('--watch', 'Again every second, until Ctrl+C')
    .action(async (url: string | undefined, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const { json, watch } = command.opts<Options>()
      const asked = { base: url ?? ownUrl(config), token: config.sseApiToken }
      const text = (document: FleetDocument): string =>
        json ? `${JSON.stringify(document)}\n` : fleetText(document)
      if (!watch) {
        print(text(await read(asked)))
        return
      }
      const before = process.stdout.isTTY === true && !json ? CLEAR : ''
      for (;;) {
        // A server that is away for a moment is what one watches for.
        const shown = await read(asked).then(text, (error: unknown) => `${String(error)}\n`)
        print(before + shown)
        await wait(EVERY_MS)
      }
    })
    .addCommand(demoCommand())
}

type DemoOptions = { readonly nodes: number; readonly port: number; readonly seed: number }

function demoCommand(): Command {
  return new Command('demo')
    .description('Several servers, a Redis and a balancer on this machine: kill any of them and see it go on')
    .option('--nodes <n>', 'How many servers', whole(1, MOST_NODES), 3)
    .option('--port <n>', 'Of the balancer; 0: any', whole(0, 65_535), 0)
    .option('--seed <n>', 'The same seed gives the same run', whole(0, MAX_SEED), 1)
    .action(async ({ nodes, port, seed }: DemoOptions) => {
      const [program = ''] = process.argv.slice(1)
      await startFleetDemo({
        nodes,
        port,
        seed,
        g6: { command: process.execPath, args: [...process.execArgv, program] },
        env: process.env,
        stdin: process.stdin,
        print,
      })
    })
}

async function read({
  base,
  token,
}: {
  readonly base: string
  readonly token: string | null
}): Promise<FleetDocument> {
  const given = await documentOf({ base, path: 'fleet', token, timeoutMs: TIMEOUT_MS })
  const parsed = fleetDocument.safeParse(given)
  if (!parsed.success) throw new Error(`${new URL(base).origin} answers with no list of servers`)
  return parsed.data
}
