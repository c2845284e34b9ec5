// `g6 check release`: all that must hold of a checkout before it is released.
import { Command } from 'commander'
import { accepted } from '../../bench/settings.js'
import { print } from '../../src/cli/output.js'
import { systemClock } from '../../src/clock/clock.js'
import { loadConfigFromProcess } from '../../src/config/from-process.js'
import { releaseChecks } from '../release/checks.js'
import { reportText, runChecks } from '../release/report.js'

export function releaseCommand(): Command {
  return new Command('release')
    .description('Run every check that a release must pass; exit 1 when one fails')
    .option('--root <folder>', 'The checkout to check', '.')
    .option('--json', 'As JSON')
    .action(async ({ root, json }: { readonly root: string; readonly json?: true }) => {
      const skipBenchmarks = accepted(loadConfigFromProcess()).config.benchSkip
      const checks = releaseChecks({ root, nowMs: systemClock.nowMs(), skipBenchmarks })
      const report = await runChecks(checks, systemClock.monotonicMs)
      print(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
      if (!report.ok) process.exitCode = 1
    })
}
