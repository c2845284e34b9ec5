// What a recording was made with, for the boards that are made of it again: thresholds, time zones, how often panels change, board file.

import type { Config } from '../config/settings.js'
import {
  HEADER_START,
  linesOf,
  MAX_LINE_BYTES,
  parsedLine,
  type RecordingHeader,
} from '../sources/recording.js'
import { parseSourceSpec } from '../sources/spec.js'
import { type BoardFile, compiledFile } from './board-file.js'
import type { PanelSurroundings } from './panel-context.js'

export type Recorded = {
  /** Of the product that recorded. */
  readonly version: string
  readonly settings: Pick<
    Config,
    'timezone' | 'sourceTimezone' | 'summaryMetaRefreshSec' | 'summaryResRefreshSec'
  >
  readonly surroundings: PanelSurroundings
  readonly boardFile: BoardFile | null
  /** Its lines are boards of another server. */
  readonly boards: boolean
}

/** Throws an Error where this version cannot use the board file. */
export function recordedWith({
  version,
  surroundings,
  refresh_sec: refresh,
  board,
  boards,
}: RecordingHeader): Recorded {
  const file = board === null ? null : compiledFile(`recorded.${board.format}`, board.text, board.format)
  if (file?.ok === false) throw new Error('the board file in the recording cannot be used by this version')
  return {
    version,
    settings: {
      timezone: surroundings.timezone,
      sourceTimezone: surroundings.sourceZone ?? null,
      summaryMetaRefreshSec: refresh.links,
      summaryResRefreshSec: refresh.resources,
    },
    // As this product wrote them; a recording of another version may lack some, and its boards may differ.
    surroundings: surroundings as unknown as PanelSurroundings,
    boardFile: file,
    boards: boards === true,
  }
}

/** Of the recording that is the only source; null where the source is another one, or has no header. */
export async function recordedOf(sources: readonly string[]): Promise<Recorded | null> {
  const [text, ...more] = sources
  const spec = text === undefined || more.length > 0 ? null : parseSourceSpec(text)
  if (spec?.kind !== 'replay') return null
  try {
    for await (const { bytes } of linesOf(spec.path, MAX_LINE_BYTES)) {
      if (bytes === null || !HEADER_START.equals(bytes.subarray(0, HEADER_START.length))) return null
      const line = parsedLine(bytes)
      return line !== null && 'g6rec' in line ? recordedWith(line) : null
    }
  } catch (error) {
    // The source reports a file that cannot be read, and tries it itself.
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
  return null
}
