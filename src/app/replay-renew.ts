// `g6 replay renew`: gives a recording the hashes of this version. Its readings, and the lines whose boards are the same, stay as they are.
import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isPacked } from '../sources/recording.js'
import type { ProgramParts } from './parts.js'
import { checkRecording, type Replayed, replayed } from './replay-check.js'
import { VERSION } from './version.js'

/** Of lines that wait for the disk, and of a gzip member. */
const PIECE_BYTES = 1024 ** 2
const packed = promisify(gzip)

/**
 * Returns how many boards differed; with none the file is not touched. Otherwise it is replaced whole, so a process killed at any point
 * leaves the old or the new one. Throws where the recording is damaged, before anything is written.
 */
export async function renewRecording(path: string, parts: ProgramParts): Promise<number> {
  const { differing } = await checkRecording(path, parts)
  if (differing === 0) return 0
  const encode = (await isPacked(path)) ? packed : Buffer.from
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(8).toString('hex')}.tmp`,
  )
  const file = await open(temporary, 'wx', (await stat(path)).mode & 0o777)
  try {
    let lines: string[] = []
    let waiting = 0
    const write = async (): Promise<void> => {
      await file.appendFile(await encode(`${lines.join('\n')}\n`))
      lines = []
      waiting = 0
    }
    for await (const each of replayed(path, parts)) {
      lines.push(renewedLine(each))
      waiting += each.bytes.length
      if (waiting >= PIECE_BYTES) await write()
    }
    if (lines.length > 0) await write()
    await file.sync()
    await rename(temporary, path)
  } finally {
    await file.close()
    await rm(temporary, { force: true })
  }
  return differing
}

/** Members that this version does not know stay too. */
function renewedLine(each: Replayed): string {
  const text = Buffer.from(each.bytes).toString()
  if (each.header !== null) return JSON.stringify({ ...JSON.parse(text), version: VERSION })
  if (each.isSame) return text
  const { panels, removed } = each.again
  return JSON.stringify({ ...JSON.parse(text), panels, removed })
}
