// `g6 board`: check a board file, preview it, and write one for a document.
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { documentForBoard, findingLines, readBoardFile } from '../app/board-file.js'
import { printableMessage } from '../log/printable.js'
import type { SourceSpec } from '../sources/declared.js'
import { parseDocument } from '../sources/document.js'
import { print } from './output.js'

type CheckOptions = { readonly document?: string; readonly json?: true }

/** The document in a file. Throws an Error that says what is wrong with it. */
async function documentIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  const parsed = parseDocument(await readFile(path))
  if (!parsed.ok) throw new Error(`${path}: ${parsed.message}`)
  return parsed.status
}

/** What a board would run on this machine. */
function commandsOf(specs: readonly SourceSpec[]): readonly (readonly string[])[] {
  return specs.flatMap(spec => (spec.kind === 'exec' ? [spec.command] : []))
}

function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}

function checkCommand(): Command {
  return new Command('check')
    .argument('<file>', 'A board file (.toml or .json)')
    .description('Name every mistake in a board file, with its line; exit 1 when there is one. Runs nothing')
    .option('--document <file>', 'Also report what finds nothing in this document')
    .option('--json', 'As JSON')
    .action(async (file: string, { document, json }: CheckOptions) => {
      const read = await readBoardFile(file)
      const found = [...read.findings]
      if (read.ok && document !== undefined) {
        const { board, specs } = read
        const whole = documentForBoard(await documentIn(document), specs)
        const made = board.make(whole, { nowMs: Date.now(), timezone: 'UTC', sourceZone: null })
        found.push(...board.findingsOf(made.faults))
      }
      const commands = read.ok ? commandsOf(read.specs) : []
      if (found.length > 0) process.exitCode = 1
      if (json) {
        print(`${JSON.stringify({ ok: found.length === 0, file, findings: found, commands }, null, 2)}\n`)
        return
      }
      const lines = [
        ...findingLines(file, found),
        ...commands.map(command => `runs a command: ${command.join(' ')}`),
        read.ok
          ? `${file}: ${counted(read.board.keys.length, 'panel')}, ${counted(read.specs.length, 'source')}, ${counted(found.length, 'mistake')}`
          : `${file}: ${counted(found.length, 'mistake')}; it cannot be used`,
      ]
      print(lines.map(line => `${printableMessage(line)}\n`).join(''))
    })
}

export function boardCommand(): Command {
  return new Command('board').description('Write, check and preview board files').addCommand(checkCommand())
}
