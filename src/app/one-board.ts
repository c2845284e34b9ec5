// One board, once: read, derive, build, print. For pipes and scripts.
import { emptyBoard, withVerdict } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import { momentNow } from '../clock/moment.js'
import type { CycleResult } from '../engine/cycle.js'
import type { Boards } from '../engine/loop.js'
import { Statistics } from '../engine/statistics.js'
import { printableMessage } from '../log/printable.js'
import { boardDocument } from '../outputs/json-lines.js'
import { frameColumns, plainFrame } from '../outputs/plain.js'
import type { Status } from '../snapshot/reading.js'
import { linksOf, surroundingsOf } from './panel-context.js'
import type { ProgramParts, ProgramSource } from './parts.js'
import { createPipeline } from './pipeline.js'

/** How long a stream is read after its first status: a collector sends its history before its newest status. */
const HISTORY_MS = 250

/** Resolves with the first status, board or fault of the source. */
function firstNews(boards: Boards, clock: Clock): Promise<void> {
  return new Promise(resolve => {
    let isFirst = true
    boards.start(() => {
      const now = momentNow(clock)
      if (!isFirst || boards.sourceAt(now).state === 'starting') return
      isFirst = false
      const isStream = boards.reading?.ok === true && boards.ingest(now.wallMs) !== undefined
      if (isStream) setTimeout(resolve, HISTORY_MS)
      else resolve()
    })
  })
}

/** The newest board of a source, as the first cycle of a loop would make it. */
async function firstResult(source: ProgramSource, parts: ProgramParts): Promise<CycleResult> {
  const { config, clock } = parts
  const statistics = new Statistics(clock.nowMs())
  const surroundings = surroundingsOf(config, linksOf(config, source.name))
  const pipeline = createPipeline(source, { ...parts, statistics, surroundings: () => surroundings })
  const { boards, epoch } = pipeline
  try {
    await pipeline.prepare()
    await firstNews(boards, clock)
    const now = momentNow(clock)
    const board = boards.next(emptyBoard(epoch), 1, now)
    const source = boards.sourceAt(now)
    return {
      board: withVerdict(board, boards.verdictOf(board, source)),
      snapshot: boards.snapshot,
      reading: boards.reading,
      source,
      stats: statistics.snapshot(0),
    }
  } finally {
    await boards.close()
  }
}

/** The first document of a source. Throws an Error that says why there is none. */
export function firstStatus(source: ProgramSource): Promise<Status> {
  if ('news' in source) throw new Error('a board has no document; give the address of a JSON document')
  const first = new Promise<Status>((resolve, reject) => {
    source.start(reading => {
      if (reading.ok) resolve(reading.status)
      else reject(new Error(`${printableMessage(source.name)} cannot be read: ${reading.message}`))
    })
  })
  return first.finally(() => source.close())
}

type Given = { readonly source: (parts: ProgramParts) => ProgramSource; readonly json: boolean }

type Edge = {
  readonly stdout: { readonly columns?: number; write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** Returns the exit code: 1 when there is nothing to show. */
export async function printSnapshot(parts: ProgramParts, given: Given, edge: Edge): Promise<number> {
  const { config } = parts
  const source = given.source(parts)
  if ('pushTargets' in source && source.pushTargets !== undefined && source.pushTargets.length > 0) {
    edge.stderr.write('g6: nobody can push to this command: it opens no port; use g6 serve\n')
    return 1
  }
  const result = await firstResult(source, parts)
  const { state, error } = result.source
  if (result.board.generation === 0) {
    edge.stderr.write(
      `g6: ${printableMessage(source.name)} cannot be read: ${state}: ${error ?? 'nothing came'}\n`,
    )
    return 1
  }
  const text = given.json
    ? `${JSON.stringify(boardDocument(result), null, 2)}\n`
    : plainFrame(result, frameColumns(edge.stdout), config.timezone)
  edge.stdout.write(text)
  return 0
}
