// `g6 check`: what must hold of a checkout of this project. For its developers and its CI.
import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../clock/clock.js'
import { loadConfigFromProcess } from '../config/from-process.js'
import { RETIRED } from '../config/retired.js'
import { releaseChecks } from '../release/checks.js'
import { NAME, referencesText, referencesTo } from '../release/references.js'
import { reportText, runChecks } from '../release/report.js'
import { textFiles } from '../release/text-files.js'
import { print } from './output.js'

type Options = { readonly flag?: readonly string[]; readonly root: string; readonly json?: true }

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

function name(value: string, before: readonly string[] = []): readonly string[] {
  if (!NAME.test(value)) throw new InvalidArgumentError('allowed: letters, digits and _')
  return [...before, value]
}

const withCheckout = (command: Command): Command =>
  command.option('--root <folder>', 'The checkout to look at', '.').option('--json', 'As JSON')

function flagsCommand(): Command {
  return withCheckout(new Command('flags'))
    .description('Find live references to retired names in code and docs; exit 1 when there are any')
    .option('--flag <name>', 'Look for this name instead of the retired ones; may be repeated', name)
    .action(async ({ flag, root, json: asJson }: Options) => {
      const names = flag ?? RETIRED.map(retired => retired.name)
      const files = await textFiles(root)
      const findings = referencesTo(names, files)
      const report = { ok: findings.length === 0, names, files: files.length, findings }
      print(asJson ? json(report) : referencesText(report))
      if (!report.ok) process.exitCode = 1
    })
}

function releaseCommand(): Command {
  return withCheckout(new Command('release'))
    .description('Everything that must hold before a release, in one report; exit 1 when something does not')
    .action(async ({ root, json: asJson }: Options) => {
      const loaded = loadConfigFromProcess()
      if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
      const checks = releaseChecks({
        root,
        nowMs: systemClock.nowMs(),
        skipBenchmarks: loaded.config.benchSkip,
      })
      const report = await runChecks(checks, systemClock.monotonicMs)
      print(asJson ? json(report) : reportText(report))
      if (!report.ok) process.exitCode = 1
    })
}

export function checkCommand(): Command {
  return new Command('check')
    .description('Check a checkout of this project: retired names, readiness for a release')
    .addCommand(flagsCommand())
    .addCommand(releaseCommand())
}
