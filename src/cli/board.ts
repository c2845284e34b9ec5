// `g6 board`: check a board file, preview it, and write one for a document.
import { readFile, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import {
  type BoardFile,
  documentForBoard,
  findingLines,
  loadBoardFile,
  readBoardFile,
} from '../app/board-file.js'
import { firstStatus, printSnapshot } from '../app/one-board.js'
import { sourceOf } from '../app/source.js'
import { systemClock } from '../clock/clock.js'
import { settingFlags } from '../config/flags.js'
import { boardFileOf } from '../declared/init.js'
import type { Source } from '../engine/source.js'
import { printableMessage } from '../log/printable.js'
import { silentMetrics } from '../metrics/metrics.js'
import { parseDocument } from '../sources/document.js'
import { complain, print } from './output.js'
import { prepare } from './settings.js'

type CheckOptions = { readonly document?: string; readonly json?: true }

/** The document in a file. Throws an Error that says what is wrong with it. */
async function documentIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  const parsed = parseDocument(await readFile(path))
  if (!parsed.ok) throw new Error(`${path}: ${parsed.message}`)
  return parsed.status
}

/** What a board would run on this machine. */
function commandsOf({ specs, rules }: Pick<BoardFile, 'specs' | 'rules'>): readonly (readonly string[])[] {
  return [...specs, ...rules.flatMap(({ send }) => send)].flatMap(each =>
    each.kind === 'exec' ? [each.command] : [],
  )
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
      const commands = read.ok ? commandsOf(read) : []
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

/** The document in a file as what the sources of a board give. It is a sample: when it was written says nothing. */
async function sampleSource(path: string, { specs }: BoardFile): Promise<Source> {
  const status = documentForBoard(await documentIn(path), specs)
  const nowMs = systemClock.nowMs()
  return {
    name: path,
    start: onReading => onReading({ ok: true, status, readAtMs: nowMs, modifiedAtMs: nowMs, sizeBytes: 0 }),
    refresh: async () => {},
    close: async () => {},
  }
}

type PreviewOptions = { readonly document?: string; readonly json?: true }

function previewCommand(): Command {
  return settingFlags(new Command('preview'))
    .argument('<file>', 'A board file (.toml or .json)')
    .description('Print the board of a file once')
    .option('--document <file>', 'Of this document instead of what the sources give')
    .option('--json', 'The whole board as one JSON document')
    .action(async (file: string, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { document, json = false } = command.opts<PreviewOptions>()
      const { config } = prepared.loaded
      const boardFile = await loadBoardFile(file, prepared.log)
      if (boardFile === null) throw new Error(`${file} is no board file`)
      const parts = {
        config,
        settings: () => config,
        metrics: silentMetrics(),
        log: prepared.log,
        clock: systemClock,
        panels: [],
        boardFile: () => boardFile,
      }
      const sample = document === undefined ? null : await sampleSource(document, boardFile)
      const source = sample === null ? sourceOf([], boardFile) : () => sample
      process.exitCode = await printSnapshot(
        parts,
        { source, json },
        { stdout: { columns: process.stdout.columns, write: print }, stderr: { write: complain } },
      )
    })
}

type InitOptions = { readonly out?: string }

/** What was edited by hand must not be lost. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const what = `${path} exists and is not overwritten (EEXIST): remove it, or name another file with --out`
    throw new Error(what, { cause: error })
  }
}

function initCommand(): Command {
  return settingFlags(new Command('init'))
    .argument('<source>', 'The URL or the file of a JSON document')
    .description('Write the automatic board of a document as a board file to edit')
    .option('--out <file>', 'The file to write (.toml); default: standard output')
    .action(async (given: string, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { out } = command.opts<InitOptions>()
      const { config } = prepared.loaded
      const isUrl = /^https?:\/\//i.test(given)
      const parts = {
        config,
        settings: () => config,
        metrics: silentMetrics(),
        log: prepared.log,
        clock: systemClock,
        panels: [],
      }
      const status = await firstStatus(sourceOf([isUrl ? `json:${given}` : given])(parts))
      const text = boardFileOf(status, {
        source: [
          '[source]',
          `${isUrl ? 'http' : 'file'} = ${JSON.stringify(given)}`,
          ...(isUrl ? ['every = "5s"'] : []),
        ],
        schema: 'http://127.0.0.1:9329/schemas/board.json',
        nowMs: systemClock.nowMs(),
      })
      if (out === undefined) print(text)
      else await writeNew(out, text)
    })
}

export function boardCommand(): Command {
  return new Command('board')
    .description('Write, check and preview board files')
    .addCommand(initCommand())
    .addCommand(checkCommand())
    .addCommand(previewCommand())
}
