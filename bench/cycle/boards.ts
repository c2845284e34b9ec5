// Boards of documents that no known panel reads: what a cycle of the automatic board and of a board file costs on 2 MB, and how long
// the whole program holds the event loop while it reads one document after another.
//
// `p95_ms` is how long a cycle takes on a quiet machine. `cpu_p95_ms` holds on a busy one too, and has the collector's threads in it.
// `ratio` is the cost of the board over the cost of parsing the same document, round by round: it holds on any machine.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { documentPanelsSettings } from '../../src/app/document-boards.js'
import type { ProgramParts } from '../../src/app/parts.js'
import { Program } from '../../src/app/program.js'
import { automaticBoard } from '../../src/automatic/board.js'
import type { AutomaticMemory } from '../../src/automatic/drafts.js'
import { readBoard } from '../../src/declared/board.js'
import { MIN_CYCLE_GAP_MS } from '../../src/engine/loop.js'
import type { Source } from '../../src/engine/source.js'
import { silentLog } from '../../src/log/log.js'
import type { Reading, Status } from '../../src/snapshot/reading.js'
import { createDocumentReader, type LargeDocuments } from '../../src/sources/large-documents.js'
import { loadedOf } from '../settings.js'
import { pairedRatio, percentile, type Spread, spread } from '../stats.js'
import { BOARD_FILE, declaredDocument, largeDocuments, mixedDocuments } from './large-documents.js'

export type BoardOptions = { readonly warmup: number; readonly measure: number; readonly quick?: boolean }

const NOW_MS = Date.UTC(2026, 0, 5, 10)

function costOf(work: () => void) {
  const before = process.cpuUsage()
  const startMs = performance.now()
  work()
  const ms = performance.now() - startMs
  const { user, system } = process.cpuUsage(before)
  return { ms, cpuMs: (user + system) / 1000 }
}

type Make = (document: Status) => void

/** Each round has a document of its own, just parsed, as in the program. */
function measured<K extends string>(
  { warmup, measure }: BoardOptions,
  document: object,
  makers: Readonly<Record<K, Make>>,
) {
  const text = JSON.stringify(document)
  const parsedMs: number[] = []
  const entries = Object.entries(makers) as [K, Make][]
  const samples = new Map(entries.map(([name]) => [name, { ms: [] as number[], cpuMs: [] as number[] }]))
  for (let round = 0; round < warmup + measure; round++) {
    let parsed: Status = {}
    const parse = costOf(() => {
      parsed = JSON.parse(text) as Status
    })
    if (round >= warmup) parsedMs.push(parse.cpuMs)
    for (const [name, make] of entries) {
      const made = costOf(() => make(parsed))
      if (round < warmup) continue
      samples.get(name)?.ms.push(made.ms)
      samples.get(name)?.cpuMs.push(made.cpuMs)
    }
  }
  const figures = [...samples].map(([name, { ms, cpuMs }]) => {
    const p95 = { p95_ms: percentile(ms, 0.95), cpu_p95_ms: percentile(cpuMs, 0.95) }
    return [name, { ...p95, cpu_ms: spread(cpuMs), ratio: pairedRatio(cpuMs, parsedMs) }] as const
  })
  return {
    megabytes: text.length / 1e6,
    parse_cpu_ms: spread(parsedMs),
    ...(Object.fromEntries(figures) as Record<K, BoardCost>),
  }
}

type BoardCost = {
  readonly p95_ms: number
  readonly cpu_p95_ms: number
  readonly cpu_ms: Spread
  readonly ratio: Spread
}

const CONTEXT = { nowMs: NOW_MS, timezone: 'UTC', sourceZone: null }
const AUTOMATIC = { ...CONTEXT, skip: new Set<string>(), reserved: new Set<string>() }

function automatic(options: BoardOptions, document: object) {
  let memory: AutomaticMemory | null = null
  return measured(options, document, {
    known: status => {
      memory = automaticBoard(status, AUTOMATIC, memory).memory
    },
    learning: status => automaticBoard(status, AUTOMATIC),
  })
}

function declared(options: BoardOptions) {
  const read = readBoard(BOARD_FILE, 'toml', () => ({ names: [], faults: [] }))
  if (!read.ok) throw new Error('the board of the benchmark has mistakes')
  return measured(options, declaredDocument(), { made: status => read.board.make(status, CONTEXT) })
}

/** Reads documents that it is given, as the source of a file does: large ones in a thread. */
class GivenSource implements Source {
  readonly name = 'bench'
  readonly #documents: LargeDocuments
  #onReading: (reading: Reading) => void = () => {}

  constructor(parts: ProgramParts) {
    this.#documents = createDocumentReader({
      zone: () => parts.settings().sourceTimezone,
      wantsPatch: () => false,
      panels: () => documentPanelsSettings(parts),
    })
  }

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
  }

  async give(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text)
    const read = await this.#documents.read(bytes)
    if (!read.ok) throw new Error(read.message)
    const nowMs = Date.now()
    const { ok, ...document } = read
    this.#onReading({ ok, ...document, readAtMs: nowMs, modifiedAtMs: nowMs, sizeBytes: text.length })
  }

  async refresh(): Promise<void> {}

  async close(): Promise<void> {
    await this.#documents.close()
  }
}

/** More often than a reader would notice. */
const RESOLUTION_MS = 2
const GAP_MS = MIN_CYCLE_GAP_MS + 5

/** How much later than due the event loop ran its timers. */
async function loopDelay(rounds: number) {
  const texts = mixedDocuments().map(document => JSON.stringify(document))
  let source: GivenSource | null = null
  const program = new Program({
    loaded: loadedOf({ G6_UNIFIED_HTTP: '0' }),
    command: 'dashboard',
    source: parts => {
      source = new GivenSource(parts)
      return source
    },
    log: silentLog,
  })
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS)
  const giveAll = async (): Promise<void> => {
    for (const text of texts) {
      await (source as GivenSource | null)?.give(text)
      await wait(GAP_MS)
    }
  }
  try {
    await program.start()
    // Once to compile the code.
    await giveAll()
    delay.enable()
    for (let round = 0; round < rounds; round++) await giveAll()
    delay.disable()
    return {
      documents: texts.length,
      p50_ms: late(delay.percentile(50)),
      p99_ms: late(delay.percentile(99)),
      max_ms: late(delay.max),
    }
  } finally {
    delay.disable()
    await program.stop()
  }
}

export async function benchBoards(options: BoardOptions) {
  const { pods, rows, map } = largeDocuments()
  return {
    automatic: {
      pods: automatic(options, pods),
      map: automatic(options, map),
      ...(options.quick === true ? {} : { rows: automatic(options, rows) }),
    },
    declared: declared(options),
    loop_delay: await loopDelay(options.quick === true ? 1 : 5),
  }
}

export type BoardFigures = Awaited<ReturnType<typeof benchBoards>>
