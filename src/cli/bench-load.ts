// `g6 bench fanout`: the measurements of many readers.
import { Command } from 'commander'

/** Its own options are read where they are declared, in bench/. */
export function fanoutCommand(): Command {
  return new Command('fanout')
    .description('Fan-out beside the bare loop, better-sse and nchan; --help shows its options')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[options...]')
    .action(async (args: readonly string[]) => {
      const { benchFanout } = await import('../../bench/fanout/run.js')
      process.exitCode = await benchFanout(args)
    })
}
