// `g6 simulate`: writes a status file that changes like a real collector's.
import { Command, InvalidArgumentError, Option } from 'commander'
import { MAX_SEED } from '../simulator/prng.js'
import { runSimulator } from '../simulator/run.js'
import { createScenario, SCENARIOS, type ScenarioName } from '../simulator/scenario.js'
import { SHAPES, type Shape } from '../simulator/shapes.js'
import { number, whole } from './arguments.js'

type Options = {
  readonly statusFile: string
  readonly indices: readonly string[]
  readonly interval: number
  readonly refresh: number
  readonly cycles: number
  readonly openMarket: boolean
  readonly withAnalytics: boolean
  readonly seed: number
  readonly scenario: ScenarioName
  readonly shape: Shape
}

const MAX_INDICES = 2000
const INDEX_NAME = /^[A-Za-z][\w&.-]{0,39}$/

function path(given: string): string {
  if (given.trim() === '') throw new InvalidArgumentError('allowed: the path of a file')
  return given
}

function names(given: string): readonly string[] {
  const list = given.split(',').map(name => name.trim())
  const wrong = list.find(name => !INDEX_NAME.test(name) || name === 'constructor' || name === 'prototype')
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      `"${wrong}" is no index name; allowed: names separated by commas, each a letter, then up to 39 letters, digits or _ & . -`,
    )
  }
  if (new Set(list).size < list.length) throw new InvalidArgumentError('allowed: every name once')
  if (list.length > MAX_INDICES) throw new InvalidArgumentError(`allowed: up to ${MAX_INDICES} names`)
  return list
}

/** The process, where signals arrive. */
type Signals = Pick<NodeJS.EventEmitter, 'once' | 'off'>

async function simulate(options: Options, signals: Signals): Promise<void> {
  const { statusFile, refresh, cycles, interval, ...rest } = options
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signals.once('SIGINT', end)
  signals.once('SIGTERM', end)
  try {
    await runSimulator({
      path: statusFile,
      refreshSec: refresh,
      cycles,
      scenario: createScenario({ ...rest, intervalSec: interval }),
      signal: ending.signal,
    })
  } finally {
    signals.off('SIGINT', end)
    signals.off('SIGTERM', end)
  }
}

export function simulateCommand(signals: Signals = process): Command {
  return new Command('simulate')
    .description('Write a status document that changes like a real one')
    .option('--status-file <path>', 'The file to write', path, 'data/runtime_status.json')
    .addOption(
      new Option('--indices <names>', 'Names of the indices, separated by commas')
        .argParser(names)
        .default(['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'], 'NIFTY,BANKNIFTY,FINNIFTY,SENSEX'),
    )
    .option('--interval <seconds>', "Between two of the collector's cycles", number(1, 86_400), 60)
    .option('--refresh <seconds>', 'Between two writes', number(0.01, 3600), 1)
    .option('--cycles <n>', 'Writes in all; 0: until stopped', whole(0), 0)
    .option('--open-market', 'The market is open at any hour', false)
    .option('--with-analytics', 'With put-call ratio and max pain', false)
    .option('--seed <n>', 'The same seed gives the same run', whole(0, MAX_SEED), 1)
    .addOption(
      new Option('--scenario <name>', 'How much happens').choices(SCENARIOS).default('busy' as ScenarioName),
    )
    .addOption(new Option('--shape <name>', 'Which writer').choices(SHAPES).default('both' as Shape))
    .action(async (options: Options) => simulate(options, signals))
}
