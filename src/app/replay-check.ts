// `g6 replay check`: builds every board of a recording again, as fast as it can, and compares the hashes.
import { isDeepStrictEqual } from 'node:util'
import type { Reading, Status } from '../snapshot/reading.js'
import { linesOf, MAX_LINE_BYTES, parsedLine, type RecordingHeader } from '../sources/recording.js'
import type { ProgramParts } from './parts.js'
import { recordedWith } from './recorded.js'
import { HandBoards } from './recorder.js'

export type ReplayResult = {
  /** Of the product that recorded. */
  readonly version: string
  readonly readings: number
  /** Boards that came out differently. */
  readonly differing: number
  /** The first of them: its line, and its panels. */
  readonly first: { readonly line: number; readonly panels: readonly string[] } | null
}

/** Throws an Error that names the place where the recording is damaged. */
export async function checkRecording(path: string, parts: ProgramParts): Promise<ReplayResult> {
  let header: RecordingHeader | null = null
  let boards: HandBoards | null = null
  let status: Status = {}
  let readings = 0
  let differing = 0
  let first: ReplayResult['first'] = null
  for await (const { number, bytes } of linesOf(path, MAX_LINE_BYTES)) {
    const line = bytes === null ? null : parsedLine(bytes)
    if (line === null) throw new Error(`line ${number} of the recording is damaged`)
    if ('g6rec' in line) {
      if (header !== null) throw new Error(`line ${number} is a second header`)
      if (line.boards === true)
        throw new Error('the recording has the boards of a server, and no readings to build them from again')
      header = line
      boards = boardsOf(line, parts)
      continue
    }
    if (boards === null) throw new Error('the recording has no header in its first line')
    const { reading, at, steady, panels, removed = [] } = line
    if (reading.ok && reading.status !== undefined) status = reading.status
    // The line was checked against the schema of readings.
    const again = boards.next(
      (reading.ok ? { ...reading, status } : reading) as Reading,
      at,
      steady,
      reading.ok && reading.isLarge === true,
    )
    readings++
    if (isDeepStrictEqual([again.panels, again.removed ?? []], [panels, removed])) continue
    differing++
    const keys = new Set([...Object.keys(panels), ...Object.keys(again.panels)])
    first ??= { line: number, panels: [...keys].filter(key => panels[key] !== again.panels[key]) }
  }
  if (header === null) throw new Error('the recording is empty')
  return { version: header.version, readings, differing, first }
}

function boardsOf(header: RecordingHeader, parts: ProgramParts): HandBoards {
  const { settings, surroundings, boardFile } = recordedWith(header)
  const config = { ...parts.config, ...settings }
  const own = { ...parts, config, settings: () => config, boardFile: () => boardFile }
  return new HandBoards(header.source, own, surroundings, header.epoch)
}
