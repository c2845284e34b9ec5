// `g6 check`: retired names in any folder of text, and whether a checkout of this project is ready for a release.
import { Command, InvalidArgumentError } from 'commander'
import { NAME, referencesText, referencesTo } from '../config/references.js'
import { RETIRED } from '../config/retired.js'
import { textFiles } from '../files/text-files.js'
import { fromCheckout } from './checkout.js'
import { print } from './output.js'

type Options = { readonly flag?: readonly string[]; readonly root: string; readonly json?: true }

function name(value: string, before: readonly string[] = []): readonly string[] {
  if (!NAME.test(value)) throw new InvalidArgumentError('allowed: letters, digits and _')
  return [...before, value]
}

function flagsCommand(): Command {
  return new Command('flags')
    .description('Find retired names that code, docs or configuration still use; exit 1 when there are any')
    .option('--flag <name>', 'Look for this name instead of the retired ones; may be repeated', name)
    .option('--root <folder>', 'The folder to search', '.')
    .option('--json', 'As JSON')
    .action(async ({ flag, root, json }: Options) => {
      const names = flag ?? RETIRED.map(retired => retired.name)
      const files = await textFiles(root)
      const findings = referencesTo(names, files)
      const report = { ok: findings.length === 0, names, files: files.length, findings }
      print(json ? `${JSON.stringify(report, null, 2)}\n` : referencesText(report))
      if (!report.ok) process.exitCode = 1
    })
}

export async function checkCommand(): Promise<Command> {
  const release = async () => (await import('../../tools/cli/release.js')).releaseCommand()
  return new Command('check')
    .description('Find retired names in use; check whether a checkout is ready for a release')
    .addCommand(flagsCommand())
    .addCommand(await fromCheckout('release', release))
}
