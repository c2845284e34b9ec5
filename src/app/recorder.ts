// `g6 record`: builds boards from a source as a server does, and writes each reading with the hashes of the panels that it changed.
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { Source } from '../engine/source.js'
import type { FollowUp } from '../ingest/followups.js'
import type { GoodReading, Reading, Status } from '../snapshot/reading.js'
import { type RecordedStream, StreamRecorder } from '../sources/recorded-streams.js'
import type { RecordingHeader } from '../sources/recording.js'
import { HandBoards } from './hand-boards.js'
import { linksOf, surroundingsOf } from './panel-context.js'
import type { ProgramParts } from './parts.js'
import { VERSION } from './version.js'

const FLUSH_EVERY_MS = 1_000
/** Lines that wait for the disk; with more the recording ends. */
const MAX_WAITING_BYTES = 256 * 1024 ** 2
const OWNER_ONLY = 0o600
const packed = promisify(gzip)

export type RecordOptions = {
  readonly path: string
  /** Of the file. */
  readonly maxBytes: number
  /** The recording ends after this time. */
  readonly maxMs: number
  /** Members that are left out, as paths: `auth.user`. */
  readonly omit: readonly string[]
  readonly signal: AbortSignal
  readonly timers?: Timers
}

export type RecordEnd = { readonly why: 'stopped' | 'time' | 'size' | 'disk'; readonly readings: number }

/** A copy without the members of these paths; in a list, of each of its items. */
export function without(status: Status, paths: readonly (readonly string[])[]): Status {
  const cut = (value: unknown, inner: readonly (readonly string[])[]): unknown => {
    if (Array.isArray(value)) return value.map(item => cut(item, inner))
    if (inner.length === 0 || typeof value !== 'object' || value === null) return value
    return members(value, inner)
  }
  const members = (given: object, inner: readonly (readonly string[])[]): Status =>
    Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        const rest = inner.filter(([first]) => first === name).map(path => path.slice(1))
        return rest.some(path => path.length === 0) ? [] : [[name, cut(value, rest)]]
      }),
    )
  return paths.length === 0 ? status : members(status, paths)
}

/** The document of a reading; of a very large one, which has only its beginning with it, the whole. */
function wholeOf({ status, large }: GoodReading): Status {
  // The border: it was a document before it was written as JSON.
  return large === undefined ? status : (JSON.parse(Buffer.from(large.json).toString()) as Status)
}

/** With this status, and without what was made of it. */
function recordable({ large: _, ...reading }: GoodReading, status: Status): GoodReading {
  return { ...reading, status }
}

/** What is recorded: gives lines to `write`. */
type Recorded = {
  start(write: (line: string) => void): void
  /** Once a second: what changed without a reading. */
  look?(): void
  close(): Promise<void>
}

/** Of a source of this name, with these settings. */
export function headerOf(
  name: string,
  { config, clock, boardFile = () => null }: ProgramParts,
): RecordingHeader {
  const startedMs = clock.nowMs()
  const board = boardFile()
  return {
    g6rec: 1,
    version: VERSION,
    started_ms: startedMs,
    epoch: startedMs.toString(36),
    source: name,
    surroundings: { ...surroundingsOf(config, linksOf({ metricsUrl: null, publicUrl: null }, name)) },
    refresh_sec: { links: config.summaryMetaRefreshSec, resources: config.summaryResRefreshSec },
    board: board === null ? null : { format: board.format, text: board.text },
  }
}

/**
 * Writes the lines into a new file until it is stopped or a limit is reached. Throws where the file cannot be made: it never writes over
 * one.
 */
export async function writeRecording(
  header: RecordingHeader,
  recorded: Recorded,
  log: ProgramParts['log'],
  { path, maxBytes, maxMs, signal, timers = systemTimers }: Omit<RecordOptions, 'omit'>,
): Promise<RecordEnd> {
  const file = await open(path, 'wx', OWNER_ONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new Error(`${path} exists and is not overwritten (EEXIST): remove it, or name another file`)
  })
  let waiting = [JSON.stringify(header)]
  let waitingBytes = 0
  let written = 0
  let readings = 0
  let end: (why: RecordEnd['why']) => void = () => {}
  const ended = new Promise<RecordEnd['why']>(resolve => {
    end = resolve
  })
  let writing: Promise<void> = Promise.resolve()
  /** A part is missing, so nothing may follow it: a reading may only confirm the one before. */
  let isOver = false

  async function writeOut(lines: readonly string[]): Promise<void> {
    if (isOver) return
    const bytes = await packed(`${lines.join('\n')}\n`)
    if (written + bytes.length > maxBytes) {
      isOver = true
      end('size')
      return
    }
    await file.appendFile(bytes)
    written += bytes.length
  }

  function flush(): void {
    if (waiting.length === 0) return
    const lines = waiting
    waiting = []
    waitingBytes = 0
    writing = writing
      .then(() => writeOut(lines))
      .catch((error: unknown) => {
        isOver = true
        log.error({ err: error }, 'the recording cannot be written; it ends here')
        end('disk')
      })
  }

  const cancels = [timers.after(maxMs, () => end('time'))]
  const tick = (): void => {
    recorded.look?.()
    flush()
    cancels[1] = timers.after(FLUSH_EVERY_MS, tick)
  }
  tick()
  const onStop = (): void => end('stopped')
  signal.addEventListener('abort', onStop)
  if (signal.aborted) onStop()
  try {
    recorded.start(line => {
      readings++
      waiting.push(line)
      waitingBytes += line.length
      if (waitingBytes > MAX_WAITING_BYTES) end('disk')
    })
    const why = await ended
    await recorded.close()
    flush()
    await writing
    return { why, readings }
  } finally {
    signal.removeEventListener('abort', onStop)
    for (const cancel of cancels) cancel()
    await file.close()
  }
}

/** Records the readings of a source, with the hashes of the panels that they change. */
export async function record(
  source: Source,
  parts: ProgramParts,
  options: RecordOptions,
): Promise<RecordEnd> {
  const { config, clock, log } = parts
  const header = headerOf(source.name, parts)
  const steadyStartMs = clock.monotonicMs()
  const surroundings = surroundingsOf(config, linksOf({ metricsUrl: null, publicUrl: null }, source.name))
  const boards = new HandBoards(source.name, parts, surroundings, header.epoch)
  const paths = options.omit.map(each => each.split('.'))
  /** The newest status as it came, and without what is left out. */
  let given: Status | null = null
  let shown: Status | null = null
  /** A follow-up is an alert: what is left out of the alerts of a status is left out of it too. */
  const streams = new StreamRecorder(followUp => followUpWithout(followUp, paths))
  let last: Reading | null = null

  function streamsSince(): RecordedStream[] | undefined {
    return streams.next(source.ingest?.(clock.nowMs(), boards.intervalSec) ?? [])
  }

  function lineOf(reading: Reading, streams: RecordedStream[] | undefined): string {
    last = reading
    const isSame = reading.ok && reading.status === given
    // What is left out must not be on the recorded board either. A confirmed status stays the same object.
    if (reading.ok && !isSame) {
      given = reading.status
      shown = without(wholeOf(reading), paths)
    }
    const kept: Reading = reading.ok && shown !== null ? recordable(reading, shown) : reading
    const [at, steady] = [clock.nowMs(), clock.monotonicMs() - steadyStartMs]
    const isLarge = reading.ok && reading.large !== undefined
    const changes = boards.next({ reading: kept, at, steady, isLarge, streams })
    const { status: _, ...confirmed } = kept.ok ? kept : { ...kept, status: null }
    const more = isLarge ? { isLarge } : {}
    const body = JSON.stringify({ ...(isSame ? confirmed : kept), ...more })
    return `{"at":${at},"steady":${steady},"reading":${body},${JSON.stringify({ ...changes, streams }).slice(1)}`
  }

  let write: (line: string) => void = () => {}
  const recorded: Recorded = {
    start: to => {
      write = to
      source.start(reading => write(lineOf(reading, streamsSince())))
    },
    // The heartbeat of a stream, its severities, its connection.
    look: () => {
      const changed = last === null ? undefined : streamsSince()
      if (last !== null && changed !== undefined) write(lineOf(last, changed))
    },
    close: () => source.close(),
  }
  return writeRecording(header, recorded, log, options)
}

/** Null where nothing of it remains. */
export function followUpWithout(followUp: FollowUp, paths: readonly (readonly string[])[]): FollowUp | null {
  const { alerts } = without({ alerts: [followUp] }, paths)
  if (!Array.isArray(alerts)) return null
  const rest: Partial<FollowUp> = Object(alerts[0])
  const { time = '', level = 'info', component = '', message = '' } = rest
  return { time, level, component, message }
}
