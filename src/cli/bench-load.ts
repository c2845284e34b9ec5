// `g6 bench fanout`, `soak`: the measurements of many readers and of long runs.
import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'

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

const MAX_MINUTES = 7 * 24 * 60
const QUICK_MINUTES = 1 / 3

function minutesOf(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= MAX_MINUTES)) {
    throw new InvalidArgumentError(`allowed: a number from 0.1 to ${MAX_MINUTES}`)
  }
  return value
}

type SoakFlags = {
  readonly minutes: number
  readonly quick?: true
  readonly json?: true
  readonly out?: string
}

export function soakCommand(): Command {
  return new Command('soak')
    .description('A mixed load for long; exit 1 when descriptors, handles, heap or memory grow')
    .option('--minutes <n>', 'How long', minutesOf, 10)
    .option('--quick', '20 seconds')
    .option('--json', 'The report as JSON')
    .option('--out <file>', 'The report as JSON into a file')
    .action(async ({ minutes, quick, json, out }: SoakFlags) => {
      const { benchSoak } = await import('../../bench/soak/run.js')
      const { soakText } = await import('../../bench/soak/text.js')
      const report = await benchSoak({
        minutes: quick ? QUICK_MINUTES : minutes,
        onProgress: line => process.stderr.write(`${line}\n`),
      })
      const text = `${JSON.stringify(report, null, 2)}\n`
      process.stdout.write(json ? text : soakText(report))
      if (out !== undefined) writeFileSync(out, text)
      if (!report.passed) process.exitCode = 1
    })
}
