// `g6 docs`: writes or checks the generated reference pages.
import { Command } from 'commander'
import { print } from '../../src/log/print.js'
import { checkPages, writePages } from '../reference-pages.js'

export function docsCommand(): Command {
  return new Command('docs')
    .description('Write or check the generated reference pages')
    .option('--write', 'Write every page that is missing or stale')
    .option('--check', 'List the pages that are missing or stale; exit 1 when there are any')
    .option('--folder <path>', 'Where the pages are', 'docs/reference')
    .action(async ({ write, folder }: { readonly write?: true; readonly folder: string }) => {
      const stale = write ? await writePages(folder) : await checkPages(folder)
      for (const name of stale) print(`${write ? 'written' : 'stale'}: ${folder}/${name}\n`)
      if (stale.length === 0) print('all pages are fresh\n')
      else if (!write) {
        print('run: npm run docs\n')
        process.exitCode = 1
      }
    })
}
