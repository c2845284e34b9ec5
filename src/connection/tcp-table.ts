// What Linux knows of TCP connections and Node does not: /proc/net/tcp and tcp6 name, for each, the bytes that its peer has not
// acknowledged (the send queue) and those that its program has not read (the receive queue). Here is how a row is read; who reads
// the files is in tcp-table-files.ts.
import { SocketAddress } from 'node:net'
import { endianness } from 'node:os'

/** Connections without any bytes in queues of the system are absent. */
export class WaitingBytes {
  readonly #bytes = new Map<string, number>()
  readonly #farPorts = new Set<number>()

  /** A quick no for nearly all connections, which need not know their ends then. */
  mayHave(farPort: number): boolean {
    return this.#farPorts.has(farPort)
  }

  /** Of a connection between two ends (`endsOf`). */
  of(ends: string): number {
    return this.#bytes.get(ends) ?? 0
  }

  add(ends: string, farPort: number, bytes: number): void {
    if (bytes === 0) return
    this.#farPorts.add(farPort)
    this.#bytes.set(ends, this.of(ends) + bytes)
  }

  get size(): number {
    return this.#bytes.size
  }
}

/** Names a connection, seen from the server: `10.0.0.1:9329 10.0.0.2:50000`. */
export function endsOf(near: string, nearPort: number, far: string, farPort: number): string {
  return `${plain(near)}:${nearPort} ${plain(far)}:${farPort}`
}

/** A server that listens on IPv6 sees IPv4 clients under such addresses. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

const BOTH_EMPTY = ' 00000000:00000000 '
/** Number, local and remote address, state, send queue, receive queue. */
const ROW =
  /^ *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):([0-9A-F]{8}) /

/** The kernel prints an address as 32-bit words in the byte order of the machine. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  if (bytes.length === 4) return bytes.join('.')
  const groups = bytes.toString('hex').match(/.{4}/g) ?? []
  return plain(new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address)
}

/**
 * Adds what lies in queues. A peer on this machine has a row of its own: what it has not read counts for the connection too.
 * Lines that are no rows are passed over.
 */
export function addWaiting(waiting: WaitingBytes, lines: readonly string[]): void {
  for (const line of lines) {
    // Nearly all rows, at nearly all times.
    if (line.includes(BOTH_EMPTY)) continue
    const [, local = '', localPort = '', remote = '', remotePort = '', sent = '', received = ''] =
      ROW.exec(line) ?? []
    if (local.length !== remote.length || (local.length !== 8 && local.length !== 32)) continue
    const here = [addressOf(local), Number.parseInt(localPort, 16)] as const
    const there = [addressOf(remote), Number.parseInt(remotePort, 16)] as const
    waiting.add(endsOf(...here, ...there), there[1], Number.parseInt(sent, 16))
    waiting.add(endsOf(...there, ...here), here[1], Number.parseInt(received, 16))
  }
}
