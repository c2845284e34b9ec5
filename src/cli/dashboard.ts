// `g6 dashboard`: the board on this terminal, or as plain text or JSON lines.
import { Command } from 'commander'
import { fileOutputs, screenOutput } from '../app/outputs.js'
import { Program } from '../app/program.js'
import { runProgram } from '../app/run.js'
import { hasScreen, Screen } from '../app/screen.js'
import { sourceOf } from '../app/source.js'
import { settingFlags } from '../config/flags.js'
import { prepare } from './settings.js'

type Options = { readonly rich: boolean; readonly json?: true; readonly serve?: true }

export function dashboardCommand(): Command {
  return settingFlags(new Command('dashboard'))
    .description('Show the board in the terminal or as plain text')
    .option('--no-rich', 'Plain text, whatever standard output is')
    .option('--json', 'One JSON line a cycle instead of text')
    .option('--serve', 'Serve the board over HTTP too')
    .action(async (_options: unknown, command: Command) => {
      const { rich, json, serve } = command.opts<Options>()
      const possible = rich && json !== true && hasScreen() ? new Screen() : null
      const prepared = prepare(command, {}, possible?.logDestination)
      if (prepared === null) return
      const { loaded, log, load } = prepared
      // One frame and an end is for reading, and a screen would be gone before anybody has.
      const screen = loaded.config.summaryMaxCycles === 1 ? null : possible
      if (screen === null) possible?.restore()
      const source = sourceOf(loaded.config, log)
      const program = new Program({
        loaded,
        command: serve ? 'dashboard --serve' : 'dashboard',
        source,
        outputs: parts => [
          ...(screen?.outputs(parts, source.name) ??
            screenOutput(parts, json ? 'json' : 'plain', process.stdout)),
          ...fileOutputs(parts),
        ],
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
    })
}
