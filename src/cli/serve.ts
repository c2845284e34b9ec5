// `g6 serve`: the board over HTTP, no screen.
import { Command } from 'commander'
import { type BoardFile, loadBoardFile } from '../app/board-file.js'
import { loadPanels } from '../app/custom-panels.js'
import { fileOutputs } from '../app/outputs.js'
import { Program, type ProgramOptions } from '../app/program.js'
import { recordedOf } from '../app/recorded.js'
import { runProgram } from '../app/run.js'
import { createServiceManager } from '../app/service-manager.js'
import { type Play, sourceOf } from '../app/source.js'
import { settingFlags } from '../config/flags.js'
import type { Loaded } from '../config/load.js'
import { takeInheritedSockets } from '../http/inherited.js'
import { playFlags, playOf, prepare, sourceFlag } from './settings.js'

/** Nothing of the fleet is loaded where no Redis is named. There a server needs no source: it shows the board of the others. */
async function sourceAndFleet(
  { config, provenance }: Loaded,
  sources: readonly string[],
  boardFile: BoardFile | null,
  play: Play,
): Promise<Pick<ProgramOptions, 'source' | 'fleet'>> {
  const source = sourceOf(sources, boardFile, play)
  if (config.redisUrl === null) return { source }
  const { createFleet, noSource } = await import('../app/fleet.js')
  const isNamed =
    sources.length > 0 ||
    (boardFile?.specs.length ?? 0) > 0 ||
    provenance.summaryStatusFile.from !== 'default' ||
    provenance.panelsSseUrl.from !== 'default'
  return { source: isNamed ? source : noSource(config.fleet), fleet: createFleet }
}

type Options = { readonly source?: readonly string[] }

export function serveCommand(): Command {
  return playFlags(sourceFlag(settingFlags(new Command('serve'))))
    .description('Serve the board over HTTP: stream, resync, health, metrics')
    .action(async (_options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { loaded, log, load } = prepared
      const { source: sources = [] } = command.opts<Options>()
      const boardFile = await loadBoardFile(loaded.config.boardFile, log)
      const recorded = await recordedOf(sources)
      const play = playOf(command.opts<Play>(), recorded)
      const program = new Program({
        loaded,
        command: 'serve',
        ...(await sourceAndFleet(loaded, sources, boardFile, play)),
        boardFile,
        recorded,
        outputs: parts => fileOutputs(parts),
        panels: await loadPanels(loaded.config.panelsModule),
        sockets: takeInheritedSockets(process.env, process.pid),
        log,
      })
      process.exitCode = await runProgram({
        program,
        log,
        load,
        service: createServiceManager({ env: process.env, log }),
        onListening: listening => {
          for (const { name, url } of listening) log.info({ name, url }, 'listening')
          const { publicUrl } = loaded.config
          if (publicUrl !== null) log.info({ url: publicUrl }, 'the address for people')
          if (listening.length === 0) log.warn('no port is open: G6_OUTPUT_SINKS leaves out http')
        },
      })
    })
}
