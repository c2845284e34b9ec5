// `g6 record`: writes each reading of a source into a file, to be replayed.
import { Argument, Command, InvalidArgumentError } from 'commander'
import { loadBoardFile } from '../app/board-file.js'
import { recordBoards } from '../app/board-recorder.js'
import { loadPanels } from '../app/custom-panels.js'
import { record } from '../app/recorder.js'
import { sourceOf } from '../app/source.js'
import { systemClock } from '../clock/clock.js'
import { settingFlags } from '../config/flags.js'
import { lengthSec } from '../history/span.js'
import { silentMetrics } from '../metrics/metrics.js'
import { prepare, sourceFlag } from './settings.js'

const MIB = 1024 ** 2
const MOST_MIB = 100_000

type Options = {
  readonly source?: readonly string[]
  readonly for: number
  readonly maxMib: number
  readonly omit: readonly string[]
  readonly fromServer?: string
}

function length(text: string): number {
  const seconds = lengthSec(text)
  if (seconds === null || seconds < 1) throw new InvalidArgumentError('It must be a time: 90s, 15m, 8h, 1d.')
  return seconds
}

function mebibytes(text: string): number {
  const given = Number(text)
  if (!Number.isInteger(given) || given < 1 || given > MOST_MIB)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_MIB}.`)
  return given
}

export function recordCommand(): Command {
  return sourceFlag(settingFlags(new Command('record')))
    .description('Write each reading of a source into a file, to be replayed and checked')
    .addArgument(new Argument('<file>', 'The recording to make: run.g6rec. It is never written over'))
    .option('--for <time>', 'End after this time: 90s, 15m, 8h', length, 86_400)
    .option('--max-mib <number>', 'End when the file has this size', mebibytes, 1_024)
    .option(
      '--from-server <url>',
      'Record the boards of this server instead, as they come; its token is G6_PANELS_SSE_TOKEN',
    )
    .option(
      '--omit <path>',
      'Leave out this member: auth.user. May be given several times',
      (path: string, all: readonly string[]) => [...all, path],
      [],
    )
    .action(async (path: string, options: Options, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { log, loaded } = prepared
      const { config } = loaded
      const boardFile = await loadBoardFile(config.boardFile, log)
      const parts = {
        config,
        settings: () => config,
        metrics: silentMetrics(),
        log,
        clock: systemClock,
        panels: await loadPanels(config.panelsModule),
        boardFile: () => boardFile,
      }
      const { fromServer, source: sources = [], omit } = options
      if (fromServer !== undefined && (sources.length > 0 || omit.length > 0))
        throw new Error('--from-server records boards as they come: it goes with neither --source nor --omit')
      const given = fromServer === undefined ? sources : [`board:${fromServer}`]
      const source = sourceOf(given, boardFile)(parts)
      if ('news' in source && fromServer === undefined)
        throw new Error('a board has no readings; record it with --from-server, or the source of that server')
      if (!('news' in source) && source.pushTargets !== undefined && source.pushTargets.length > 0)
        throw new Error('nobody can push to this command: it opens no port; record another source')
      const stop = new AbortController()
      const onSignal = (): void => stop.abort()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
      const limits = {
        path,
        maxBytes: options.maxMib * MIB,
        maxMs: options.for * 1000,
        signal: stop.signal,
      }
      const { why, readings } = await ('news' in source
        ? recordBoards(source, parts, limits)
        : record(source, parts, { ...limits, omit }))
      log.info({ why, readings }, 'the recording has ended')
      if (why === 'disk') process.exitCode = 1
    })
}
