// A log kept in memory, line by line, as an operator would read it.
import { Writable } from 'node:stream'
import { createLog, type Log } from '../../src/log/log.js'

export type CapturedLog = {
  readonly log: Log
  /** The lines so far, at `info` and above. */
  readonly lines: () => readonly Record<string, unknown>[]
}

export function capturedLog(): CapturedLog {
  const texts: string[] = []
  const destination = new Writable({
    write: (piece: Buffer, _, done) => {
      texts.push(piece.toString())
      done()
    },
  })
  return {
    log: createLog({ level: 'info', format: 'json', destination }),
    lines: () => texts.map(text => JSON.parse(text) as Record<string, unknown>),
  }
}
