// The board as one JSON line per cycle, for programs that read a pipe.
import { type Board, SCHEMA_VERSION } from '../board/board.js'
import type { CycleResult, Output, SourceState } from '../engine/cycle.js'
import { NewestWriter, type TextStream } from './newest-writer.js'

function panelsOf(board: Board) {
  return Object.fromEntries(
    [...board.panels.values()].map(({ key, hash, title, tone, lines }) => [
      key,
      { hash, title, tone, lines },
    ]),
  )
}

function sourceOf({ state, ageSec, error }: SourceState) {
  return { state, age_sec: ageSec, ...(error === null ? {} : { error }) }
}

/** `{schema_version, epoch, generation, cycle, ts, source, verdict, panels}`; `ts` is epoch ms. */
export function boardDocument({ board, source }: Pick<CycleResult, 'board' | 'source'>) {
  return {
    schema_version: SCHEMA_VERSION,
    epoch: board.epoch,
    generation: board.generation,
    cycle: board.cycle,
    ts: board.builtAtMs,
    source: sourceOf(source),
    ...(board.verdict === null ? {} : { verdict: board.verdict }),
    panels: panelsOf(board),
  }
}

export function createJsonLinesOutput(stream: TextStream): Output {
  const writer = new NewestWriter(stream)
  return {
    name: 'json',
    publish: result => writer.write(`${JSON.stringify(boardDocument(result))}\n`),
    close: () => writer.close(),
  }
}
