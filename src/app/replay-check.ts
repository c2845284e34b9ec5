// `g6 replay check`: builds every board of a recording again, as fast as it can, and compares the hashes.
import { isDeepStrictEqual } from 'node:util'
import type { Reading, Status } from '../snapshot/reading.js'
import {
  linesOf,
  MAX_LINE_BYTES,
  parsedLine,
  type RecordingHeader,
  type RecordingLine,
} from '../sources/recording.js'
import { HandBoards } from './hand-boards.js'
import type { ProgramParts } from './parts.js'
import { recordedWith } from './recorded.js'

type Changes = Pick<RecordingLine, 'panels' | 'removed'>

/** A line of a recording, and what its board changes in this version; the header comes first. */
export type Replayed = { readonly number: number; readonly bytes: Uint8Array } & (
  | { readonly header: RecordingHeader }
  | { readonly header: null; readonly recorded: Changes; readonly again: Changes; readonly isSame: boolean }
)

export type ReplayResult = {
  /** Of the product that recorded. */
  readonly version: string
  readonly readings: number
  /** Boards that came out differently. */
  readonly differing: number
  /** The first of them: its line, and its panels. */
  readonly first: { readonly line: number; readonly panels: readonly string[] } | null
}

/** Builds the boards. Throws an Error that names the place where the recording is damaged. */
export async function* replayed(path: string, parts: ProgramParts): AsyncGenerator<Replayed> {
  let boards: HandBoards | null = null
  let status: Status = {}
  for await (const { number, bytes } of linesOf(path, MAX_LINE_BYTES)) {
    const line = bytes === null ? null : parsedLine(bytes)
    if (bytes === null || line === null) throw new Error(`line ${number} of the recording is damaged`)
    if ('g6rec' in line) {
      if (boards !== null) throw new Error(`line ${number} is a second header`)
      if (line.boards === true)
        throw new Error('the recording has the boards of a server, and no readings to build them from again')
      boards = boardsOf(line, parts)
      yield { number, bytes, header: line }
      continue
    }
    if (boards === null) throw new Error('the recording has no header in its first line')
    const { reading, at, steady, streams, panels, removed = [] } = line
    if (reading.ok && reading.status !== undefined) status = reading.status
    // The line was checked against the schema of readings.
    const again = boards.next({
      reading: (reading.ok ? { ...reading, status } : reading) as Reading,
      at,
      steady,
      isLarge: reading.ok && reading.isLarge === true,
      streams,
    })
    const isSame = isDeepStrictEqual([again.panels, again.removed ?? []], [panels, removed])
    yield { number, bytes, header: null, recorded: line, again, isSame }
  }
  if (boards === null) throw new Error('the recording is empty')
}

/** Throws as `replayed` does. */
export async function checkRecording(path: string, parts: ProgramParts): Promise<ReplayResult> {
  let version = ''
  let readings = 0
  let differing = 0
  let first: ReplayResult['first'] = null
  for await (const each of replayed(path, parts)) {
    if (each.header !== null) {
      version = each.header.version
      continue
    }
    readings++
    if (each.isSame) continue
    differing++
    first ??= { line: each.number, panels: differingPanels(each.recorded, each.again) }
  }
  return { version, readings, differing, first }
}

function differingPanels(recorded: Changes, again: Changes): readonly string[] {
  const keys = new Set([...Object.keys(recorded.panels), ...Object.keys(again.panels)])
  return [...keys].filter(key => recorded.panels[key] !== again.panels[key])
}

function boardsOf(header: RecordingHeader, parts: ProgramParts): HandBoards {
  const { settings, surroundings, boardFile } = recordedWith(header)
  const config = { ...parts.config, ...settings }
  const own = { ...parts, config, settings: () => config, boardFile: () => boardFile }
  return new HandBoards(header.source, own, surroundings, header.epoch)
}
