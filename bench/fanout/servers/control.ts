// What every server under test has in common: a control port, one line of JSON that says where it listens, and an end.
//
// The control port takes lines: `P <n>` publishes n events (no answer), `C` answers with one line of JSON about CPU and
// memory, `G` collects garbage first and then answers the same.
//
// One event in a turn of the event loop, however many were asked for at once: node:http joins what is written in one turn,
// a hub may do so too, and what is compared is one event a write.
import net from 'node:net'

export type ServerUnderTest = {
  readonly port: number
  readonly path: string
  /** Publishes one event with this sequence number and the time (`nowNs`) at which its content was ready. */
  publish(seq: number): void | Promise<void>
  /** The process that is measured, where it is not this one. */
  readonly measured?: { readonly pid: number; usage(): Usage }
}

/** CPU time since its start and resident memory of the measured process. */
export type Usage = { readonly userUs: number; readonly systemUs: number; readonly rssBytes: number }

type ControlReply = Usage & { readonly published: number }

const MAX_LINE = 64
/** Asked for and not yet published. */
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

/** Serves the control port, says where everything is, and ends the process with standard input or SIGTERM. */
export async function serveControl(server: ServerUnderTest): Promise<void> {
  let published = 0
  let waiting = 0
  const reply = (): ControlReply => ({ ...(server.measured?.usage() ?? ownUsage()), published })
  const onePublished = (): void => {
    waiting--
    if (waiting > 0) setImmediate(publishOne)
  }
  // What fails here ends the process as an unhandled rejection, and the runner says so.
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
