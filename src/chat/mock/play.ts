// Sends the frames of a script when they are due, with its faults.
import type { ServerResponse } from 'node:http'
import { constants, createGzip, type Gzip } from 'node:zlib'
import type { Due, MockScript } from './script.js'

/** Writes the bytes at once, or in small pieces, each in a turn of its own so that they arrive separately. */
async function write(response: ServerResponse, bytes: string | Buffer, pieceBytes: number): Promise<void> {
  if (pieceBytes <= 0) {
    response.write(bytes)
    return
  }
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length && !response.destroyed; at += pieceBytes) {
    response.write(all.subarray(at, at + pieceBytes))
    await new Promise(resolve => setImmediate(resolve))
  }
}

function gzipped(gzip: Gzip, text: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip.once('error', reject)
    gzip.write(text)
    gzip.flush(constants.Z_SYNC_FLUSH, () => resolve((gzip.read() as Buffer | null) ?? Buffer.alloc(0)))
  })
}

/** How the answer ends once all is sent; `last` are the bytes that end its body properly. */
export function end(script: MockScript, response: ServerResponse, last: Buffer | string = ''): void {
  const { finish } = script
  if (finish === 'cut' || finish === 'inside') response.destroy()
  else if (finish === 'reset') response.socket?.resetAndDestroy()
  else if (finish !== 'stall') response.end(last)
}

/** `startMs`: when the answer began, which is earlier for one who joins it. */
export function play(
  script: MockScript,
  due: readonly Due[],
  response: ServerResponse,
  startMs = performance.now(),
): void {
  const gzip = script.gzip ? createGzip() : null
  let next = 0
  let timer: NodeJS.Timeout | undefined
  response.once('close', () => {
    clearTimeout(timer)
    gzip?.close()
  })

  const finish = async (): Promise<void> => {
    if (gzip === null) return end(script, response)
    gzip.end()
    const last: Buffer[] = []
    for await (const piece of gzip) last.push(piece as Buffer)
    end(script, response, Buffer.concat(last))
  }
  const playDue = async (): Promise<void> => {
    const nowMs = performance.now() - startMs
    let text = ''
    for (let frame = due[next]; frame !== undefined && frame.atMs <= nowMs; frame = due[next]) {
      text += frame.with?.(String(process.hrtime.bigint())) ?? frame.text
      next++
    }
    if (text !== '') {
      const bytes = gzip === null ? text : await gzipped(gzip, text)
      await write(response, bytes, script.pieceBytes)
    }
    const frame = due[next]
    if (response.destroyed) return
    if (frame === undefined) await finish()
    else timer = setTimeout(again, Math.max(1, startMs + frame.atMs - performance.now()))
  }
  const again = (): void => void playDue().catch(() => response.destroy()) // a failed gzip: no more of the answer
  again()
}
