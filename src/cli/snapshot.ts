// `g6 snapshot`: one board, once, as text or JSON; for pipes and scripts.
import { Command } from 'commander'
import { loadBoardFile } from '../app/board-file.js'
import { loadPanels } from '../app/custom-panels.js'
import { printSnapshot } from '../app/one-board.js'
import { sourceOf } from '../app/source.js'
import { systemClock } from '../clock/clock.js'
import { settingFlags } from '../config/flags.js'
import { silentMetrics } from '../metrics/metrics.js'
import { complain, print } from './output.js'
import { prepare, sourceFlag } from './settings.js'

type Options = { readonly json?: true; readonly source?: readonly string[] }

export function snapshotCommand(): Command {
  return sourceFlag(settingFlags(new Command('snapshot')))
    .description('Print one board as text or JSON; exit 1 when the status cannot be read')
    .option('--json', 'The whole board as one JSON document')
    .action(async (_options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { json = false, source: sources = [] } = command.opts<Options>()
      const { config } = prepared.loaded
      const boardFile = await loadBoardFile(config.boardFile, prepared.log)
      const parts = {
        config,
        settings: () => config,
        metrics: silentMetrics(),
        log: prepared.log,
        clock: systemClock,
        panels: await loadPanels(config.panelsModule),
        boardFile: () => boardFile,
      }
      process.exitCode = await printSnapshot(
        parts,
        { source: sourceOf(sources, boardFile), json },
        {
          stdout: { columns: process.stdout.columns, write: print },
          stderr: { write: complain },
        },
      )
    })
}
