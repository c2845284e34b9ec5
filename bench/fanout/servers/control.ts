// Common to every server under test: a control port, one line of JSON with its addresses, and an orderly end.
//
// The control port takes lines: `P <n>` publishes n events (no answer), `C` answers with a line of JSON about processor time and
// memory, `G` does the same after a garbage collection.
//
// It publishes one event per turn of the event loop: node:http joins what is written in one turn, a hub may do so too, and the
// comparison is about one write per event.
import net from 'node:net'

export type ServerUnderTest = {
  readonly port: number
  readonly path: string
  /** Publishes one event with this sequence number and the time (`nowNs`) when its content was ready. */
  publish(seq: number): void | Promise<void>
  /** The measured process, where it is not this one. */
  readonly measured?: { readonly pid: number; usage(): Usage }
}

/** Processor time since its start and resident memory of the measured process. */
export type Usage = { readonly userUs: number; readonly systemUs: number; readonly rssBytes: number }

type ControlReply = Usage & { readonly published: number }

const MAX_LINE = 64
/** Requested and not yet published; more are dropped. */
const MAX_WAITING = 100_000

/** A clock that all processes of the machine share (CLOCK_MONOTONIC). */
export function nowNs(): number {
  return Number(process.hrtime.bigint())
}

/** `--size` of the command line, in bytes. */
export function eventSizeBytes(): number {
  const at = process.argv.indexOf('--size')
  const size = Number(process.argv[at + 1])
  if (at < 0 || !Number.isInteger(size) || size < 300 || size > 60_000) {
    throw new RangeError(
      `--size must be a whole number of bytes from 300 to 60000, got ${process.argv[at + 1]}`,
    )
  }
  return size
}

export function listen(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('not listening on a port'))
      else resolve(address.port)
    })
  })
}

function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { userUs: user, systemUs: system, rssBytes: process.memoryUsage.rss() }
}

/** Serves the control port, prints the addresses, and ends the process at the end of standard input or on SIGTERM. */
export async function serveControl(server: ServerUnderTest): Promise<void> {
  let published = 0
  let waiting = 0
  const reply = (): ControlReply => ({ ...(server.measured?.usage() ?? ownUsage()), published })
  const onePublished = (): void => {
    waiting--
    if (waiting > 0) setImmediate(publishOne)
  }
  // A failure is an unhandled rejection and ends the process; the runner reports it.
  const publishOne = (): void => {
    const under = server.publish(++published)
    if (under === undefined) onePublished()
    else void under.then(onePublished)
  }
  const publish = (count: number): void => {
    const wasIdle = waiting === 0
    waiting = Math.min(MAX_WAITING, waiting + count)
    if (wasIdle && waiting > 0) publishOne()
  }
  const obey = (line: string, socket: net.Socket): void => {
    const count = /^P (\d{1,6})$/.exec(line)?.[1]
    if (count !== undefined) publish(Number(count))
    else if (line === 'C' || line === 'G') {
      if (line === 'G') globalThis.gc?.()
      socket.write(`${JSON.stringify(reply())}\n`)
    } else socket.destroy(new Error(`control line not understood: ${line}`))
  }
  const control = net.createServer({ noDelay: true }, socket => {
    let rest = ''
    socket.setEncoding('latin1')
    socket.on('error', error => process.stderr.write(`control: ${error.message}\n`))
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_LINE) socket.destroy(new Error('control line too long'))
      for (const line of lines) obey(line, socket)
    })
  })
  const ctl = await listen(control)
  const pid = server.measured?.pid ?? process.pid
  process.stdout.write(`${JSON.stringify({ port: server.port, ctl, path: server.path, pid })}\n`)
  process.stdin.resume()
  process.stdin.once('end', () => process.exit(0))
  process.stdin.once('error', () => process.exit(0))
  process.once('SIGTERM', () => process.exit(0))
}
