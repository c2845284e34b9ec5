// `g6 record --from-server`: writes the boards of another server as they come: of each the panels that are new.
import type { BoardSource } from '../engine/followed-boards.js'
import type { RecordedBoardLine } from '../sources/recording.js'
import type { ProgramParts } from './parts.js'
import { headerOf, type RecordEnd, type RecordOptions, writeRecording } from './recorder.js'

export function recordBoards(
  source: BoardSource,
  parts: ProgramParts,
  options: Omit<RecordOptions, 'omit'>,
): Promise<RecordEnd> {
  const { clock, log } = parts
  const steadyStartMs = clock.monotonicMs()
  let last: BoardSource['news'] = { board: null, fault: null, heardAtMs: null }

  /** Null where there is nothing new. */
  function lineOf({ board, fault, heardAtMs }: BoardSource['news']): string | null {
    const before = last
    if (board === before.board && fault === before.fault) return null
    last = { board, fault, heardAtMs }
    const known = new Set(before.board?.panels)
    const line: RecordedBoardLine = {
      at: clock.nowMs(),
      steady: clock.monotonicMs() - steadyStartMs,
      fault,
      board:
        board === null
          ? null
          : {
              ...board,
              keys: board.panels.map(({ key }) => key),
              panels: board.panels.filter(panel => !known.has(panel)).map(panel => ({ ...panel })),
              verdict: board.verdict === null ? null : { ...board.verdict },
            },
    }
    return JSON.stringify(line)
  }

  const recorded = {
    start: (write: (line: string) => void) =>
      source.start(() => {
        const line = lineOf(source.news)
        if (line !== null) write(line)
      }),
    close: () => source.close(),
  }
  return writeRecording(
    { ...headerOf(source.name, parts), board: null, boards: true },
    recorded,
    log,
    options,
  )
}
