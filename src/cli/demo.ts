// `g6 demo`: simulator, server and dashboard in one, in a folder of its own that goes when it ends.
import { Command } from 'commander'
import { startDemo } from '../app/demo.js'
import { settingFlags } from '../config/flags.js'
import type { Flags } from '../config/layers.js'
import { prepare } from './settings.js'

type Options = { readonly scenario: string; readonly seed: string }

export function demoCommand(): Command {
  return settingFlags(new Command('demo'))
    .description('Simulator, server and dashboard in one: see it work')
    .option('--scenario <name>', 'calm, busy, alerts or faults', 'busy')
    .option('--seed <n>', 'The same seed gives the same run', '1')
    .action(async (_options: unknown, command: Command) => {
      const { scenario, seed } = command.opts<Options>()
      process.exitCode = await startDemo({
        scenario,
        seed,
        prepare: (own: Flags) => prepare(command, own),
        stdout: process.stdout,
      })
    })
}
