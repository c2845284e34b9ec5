// `g6 demo`: simulator, server and dashboard in one, in a temporary folder.
import { Command, Option } from 'commander'
import { startDemo } from '../app/demo.js'
import { hasScreen, Screen } from '../app/screen.js'
import { settingFlags } from '../config/flags.js'
import type { Flags } from '../config/layers.js'
import { MAX_SEED } from '../simulator/prng.js'
import { SCENARIOS, type ScenarioName } from '../simulator/scenario.js'
import { whole } from './arguments.js'
import { prepare } from './settings.js'

type Options = {
  readonly document?: string
  readonly rich: boolean
  readonly scenario: ScenarioName
  readonly seed: number
}

export function demoCommand(): Command {
  return settingFlags(new Command('demo'))
    .description('Simulator, server and dashboard in one: see it work')
    .option('--document <file>', 'Show this JSON document instead of the simulated platform')
    .option('--no-rich', 'Plain text, also on a terminal')
    .addOption(
      new Option('--scenario <name>', 'How much happens').choices(SCENARIOS).default('busy' as ScenarioName),
    )
    .option('--seed <n>', 'The same seed gives the same run', whole(0, MAX_SEED), 1)
    .action(async (_options: unknown, command: Command) => {
      const { document = null, rich, scenario, seed } = command.opts<Options>()
      const screen = rich && hasScreen() ? new Screen() : null
      try {
        process.exitCode = await startDemo({
          document,
          scenario,
          seed,
          prepare: (own: Flags) => prepare(command, own, screen?.logDestination),
          stdout: process.stdout,
          screen,
        })
      } finally {
        // When it could not start, the log lines so far are printed.
        screen?.restore()
      }
    })
}
