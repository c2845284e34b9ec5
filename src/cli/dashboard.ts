// `g6 dashboard`: the board on this terminal, or as plain text or JSON lines.
import { Command } from 'commander'
import { loadBoardFile } from '../app/board-file.js'
import { loadPanels } from '../app/custom-panels.js'
import { fileOutputs, screenOutput } from '../app/outputs.js'
import { Program } from '../app/program.js'
import { recordedOf } from '../app/recorded.js'
import { runProgram } from '../app/run.js'
import { hasScreen, Screen } from '../app/screen.js'
import { type Play, sourceOf } from '../app/source.js'
import { settingFlags } from '../config/flags.js'
import { playFlags, playOf, prepare, sourceFlag } from './settings.js'

type Options = {
  readonly rich: boolean
  readonly json?: true
  readonly serve?: true
  readonly source?: readonly string[]
}

export function dashboardCommand(): Command {
  return playFlags(sourceFlag(settingFlags(new Command('dashboard'))))
    .argument(
      '[source]',
      'The source of the board, as with --source; http://host:9329 shows the board of another server',
    )
    .description('Show the board in the terminal or as plain text')
    .option('--no-rich', 'Plain text, also on a terminal')
    .option('--json', 'One JSON line a cycle instead of text')
    .option('--serve', 'Serve the board over HTTP too')
    .action(async (shown: string | undefined, _options: unknown, command: Command) => {
      const { rich, json, serve, source = [] } = command.opts<Options>()
      const possible = rich && json !== true && hasScreen() ? new Screen() : null
      const prepared = prepare(command, {}, possible?.logDestination)
      if (prepared === null) return
      const { loaded, log, load } = prepared
      try {
        // A single frame is for reading; a screen would be gone at once.
        const screen = loaded.config.summaryMaxCycles === 1 ? null : possible
        if (screen === null) possible?.restore()
        const sources = shown === undefined ? source : [shown, ...source]
        const boardFile = await loadBoardFile(loaded.config.boardFile, log)
        const recorded = await recordedOf(sources)
        const program = new Program({
          loaded,
          command: serve ? 'dashboard --serve' : 'dashboard',
          source: sourceOf(sources, boardFile, playOf(command.opts<Play>(), recorded)),
          boardFile,
          recorded,
          outputs: parts => [
            ...(screen?.outputs(parts) ?? screenOutput(parts, json ? 'json' : 'plain', process.stdout)),
            ...fileOutputs(parts),
          ],
          panels: await loadPanels(loaded.config.panelsModule),
          ...(screen !== null && { onPast: past => screen.takePast(past) }),
          log,
        })
        screen?.open(program)
        process.exitCode = await runProgram({
          program,
          log,
          load,
          ...(screen !== null && { restore: () => screen.restore() }),
          onListening: listening => {
            for (const { name, url } of listening) log.info({ name, url }, 'listening')
          },
        })
      } finally {
        // When it could not start, the log lines so far are printed.
        possible?.restore()
      }
    })
}
