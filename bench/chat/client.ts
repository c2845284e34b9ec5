// Clients as light as possible, so that their own work does not hide the relay's: one socket each, a regular expression over
// the bytes. A token is a time stamp: the monotonic clock of the machine, ns, when the upstream wrote it.
import { send } from '../requests.js'

/** How to ask for an answer, and what its bytes look like. */
export type Ask = {
  readonly url: string
  /** Null: a GET. */
  readonly body: string | null
  /** Finds each token; global, its first group is the stamp. */
  readonly stamp: RegExp
  /** The text that only a complete answer has. */
  readonly end: string
}

/** Longer than a stamp with its quotes and name. */
const LONGEST_STAMP = 40

export type AnswerClient = {
  /** From the request to the first token, milliseconds. */
  readonly firstTokenMs: Promise<number>
  /** Resolves with the number of tokens when the answer is complete; rejects when it breaks off. */
  readonly ended: Promise<number>
}

/** `onToken` gets the age of each token, milliseconds. */
export function readAnswer(
  { url, body, stamp, end }: Ask,
  onToken: (latencyMs: number) => void,
): AnswerClient {
  const startMs = performance.now()
  const socket = send(url, [], { body })
  let first: (ms: number) => void = () => {}
  const firstTokenMs = new Promise<number>(resolve => {
    first = resolve
  })
  let tokens = 0
  const ended = new Promise<number>((resolve, reject) => {
    let tail = ''
    let isDone = false
    socket.on('data', bytes => {
      const nowNs = process.hrtime.bigint()
      const text = tail + bytes.toString('latin1')
      let read = 0
      for (const match of text.matchAll(stamp)) {
        read = match.index + match[0].length
        if (tokens++ === 0) first(performance.now() - startMs)
        onToken(Number(nowNs - BigInt(match[1] ?? '0')) / 1e6)
      }
      isDone ||= text.includes(end)
      tail = text.slice(Math.max(read, text.length - LONGEST_STAMP))
      // A kept-alive connection does not close by itself.
      if (isDone) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (isDone) resolve(tokens)
      else reject(new Error('the answer broke off'))
    })
  })
  return { firstTokenMs, ended }
}
