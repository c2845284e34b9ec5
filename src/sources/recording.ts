// A recording: JSON lines in gzip members, one member for each second in which something came, so that a process killed at any point
// loses no more than the last second. The first line is the header; each other line is a reading, with when it came by both clocks.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { printableText } from '../log/printable.js'
import { READING_ERRORS } from '../snapshot/reading.js'
import { recordedStreams } from './recorded-streams.js'
import { lineSplitter } from './split.js'

/** How a recording begins. */
export const HEADER_START = Buffer.from('{"g6rec":')

/** Of a line, unpacked. */
export const MAX_LINE_BYTES = 32 * 1024 ** 2

/** Of the lines. */
const FORMAT = 1

export const recordingHeader = z.lazy(() =>
  z.looseObject({
    g6rec: z.literal(FORMAT),
    /** Of the product that recorded. */
    version: z.string(),
    started_ms: z.number(),
    epoch: z.string(),
    source: z.string(),
    /** What the panels were built with. */
    surroundings: z.looseObject({
      thresholds: z.record(z.string(), z.number().nullable()),
      timezone: z.string(),
      sourceZone: z.string().nullable().optional(),
    }),
    /** How often two panels may change, seconds. */
    refresh_sec: z.object({ links: z.number(), resources: z.number() }),
    /** Its lines are boards of another server, not readings. */
    boards: z.literal(true).optional(),
    /** The board file, if there was one. */
    board: z.object({ format: z.enum(['toml', 'json']), text: z.string() }).nullable(),
  }),
)

/** `status` is absent where the reading confirmed the one before. */
const goodLine = z.object({
  ok: z.literal(true),
  status: z.record(z.string(), z.unknown()).optional(),
  readAtMs: z.number(),
  modifiedAtMs: z.number(),
  sizeBytes: z.number(),
  everyMs: z.number().optional(),
  ageMs: z.number().optional(),
  isRecorded: z.boolean().optional(),
  /** It is read again as a large document, in another thread where there is one. */
  isLarge: z.literal(true).optional(),
  warnings: z.array(z.record(z.string(), z.unknown())).optional(),
  parts: z.array(z.record(z.string(), z.unknown())).optional(),
})
const badLine = z.object({
  ok: z.literal(false),
  error: z.enum(READING_ERRORS),
  message: z.string(),
  readAtMs: z.number(),
})

export const recordingLine = z.lazy(() =>
  z.object({
    /** When it came: epoch ms, and ms of the steady clock since the start. */
    at: z.number(),
    steady: z.number(),
    reading: z.discriminatedUnion('ok', [goodLine, badLine]),
    /** The panels that the board changed with it, and their hashes; and those that are gone. */
    panels: z.record(z.string(), z.string()),
    removed: z.array(z.string()).optional(),
    /** What changed of the followed status streams; a line may confirm its reading only for this. */
    streams: recordedStreams.optional(),
  }),
)

/** A board of another server as it came: its panels that are new, and the keys of all, in their order. */
const recordedBoardLine = z.lazy(() =>
  z.object({
    at: z.number(),
    steady: z.number(),
    /** Why there was nothing newer; null: it was connected. */
    fault: z.object({ error: z.enum(READING_ERRORS), message: z.string() }).nullable(),
    /** Null: there was none yet. */
    board: z
      .object({
        epoch: z.string(),
        generation: z.int().nonnegative(),
        cycle: z.int().nonnegative(),
        ts: z.number(),
        keys: z.array(z.string()),
        panels: z.array(
          z.looseObject({
            key: z.string(),
            title: z.string(),
            tone: z.string(),
            hash: z.string(),
            lines: z.array(z.string()).readonly(),
          }),
        ),
        verdict: z.looseObject({ word: z.string(), reasons: z.array(z.string()).readonly() }).nullable(),
      })
      .nullable(),
  }),
)

export type RecordedBoardLine = z.infer<typeof recordedBoardLine>

/** Null for a line that is no board. */
export function parsedBoard(bytes: Uint8Array): RecordedBoardLine | null {
  try {
    return recordedBoardLine.safeParse(JSON.parse(Buffer.from(bytes).toString())).data ?? null
  } catch {
    return null
  }
}

export type RecordingHeader = z.infer<typeof recordingHeader>
export type RecordingLine = z.infer<typeof recordingLine>

export type Line = { readonly number: number /** Null: too long. */; readonly bytes: Uint8Array | null }

/** The lines of a file, packed or not, which is read no faster than they are taken. */
export async function* linesOf(path: string, maxBytes: number): AsyncGenerator<Line> {
  let number = 0
  let found: Line[] = []
  const onTooLong = (): void => void found.push({ number: ++number, bytes: null })
  const splitter = lineSplitter(maxBytes, {
    onPiece: bytes => found.push({ number: ++number, bytes }),
    onTooLong,
  })
  const taken = (): readonly Line[] => {
    const lines = found
    found = []
    return lines
  }
  const gunzip = (await isPacked(path)) ? createGunzip() : null
  const file = createReadStream(path)
  const unpacked = gunzip === null ? file : file.pipe(gunzip)
  const damaged = (code: string, cause?: unknown): Error =>
    Object.assign(new Error(`the recording is damaged somewhere after line ${number} (${code})`, { cause }), {
      code,
    })
  // An error of the file is one of what reads it.
  if (unpacked !== file) file.on('error', error => unpacked.destroy(error))
  try {
    for await (const chunk of unpacked) {
      splitter.take(chunk as Buffer)
      yield* taken()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('Z_')) throw error
    // The process that recorded was killed while it wrote the last member.
    if (code !== 'Z_BUF_ERROR') throw damaged(code, error)
  } finally {
    file.destroy()
    unpacked.destroy()
  }
  if (gunzip === null) splitter.end()
  // A zero behind a member is padding for zlib: it ends there without an error.
  else if (gunzip.bytesWritten < file.bytesRead) throw damaged('no gzip member')
  yield* taken()
}

/** Plain text is a recording too. */
export async function isPacked(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** What a line of a recording is; null for one that is none. Throws an Error for the header of another format. */
export function parsedLine(bytes: Uint8Array): RecordingHeader | RecordingLine | null {
  let given: unknown
  try {
    given = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
  const { g6rec, version }: Readonly<Record<string, unknown>> = Object(given)
  if (typeof g6rec === 'number' && g6rec !== FORMAT)
    throw new Error(
      `the recording has format ${g6rec}, and this version reads format ${FORMAT}; replay it with the version that made it${typeof version === 'string' ? ` (${printableText(version)})` : ''}`,
    )
  return recordingHeader.safeParse(given).data ?? recordingLine.safeParse(given).data ?? null
}
