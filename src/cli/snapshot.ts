// `g6 snapshot`: one board, once, as text or JSON; for pipes and scripts.
import { Command } from 'commander'
import { printSnapshot } from '../app/one-board.js'
import { settingFlags } from '../config/flags.js'
import { prepare } from './settings.js'

export function snapshotCommand(): Command {
  return settingFlags(new Command('snapshot'))
    .description('Print one board as text or JSON; exit 1 when the status cannot be read')
    .option('--json', 'The whole board as one JSON document')
    .action(async (_options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { json } = command.opts<{ json?: true }>()
      process.exitCode = await printSnapshot(prepared.loaded.config, prepared.log, json ?? false, process)
    })
}
