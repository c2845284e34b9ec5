// A faulty TCP proxy between clients and a server: it cuts, cuts mid-event, resets, stalls, slows, splits bytes
// differently, adds bytes, drops one side without telling the other, and moves to another server. It
// does not know the protocol it carries.
import { connect, createServer, type Socket } from 'node:net'

/** How the server's bytes are split. */
export type Pieces = {
  /** Size of the next piece, at least 1. */
  readonly sizeBytes: () => number
  /** Wait after each piece; 0: the next turn of the event loop. */
  readonly gapMs: number
}

export type Cut = { readonly afterBytes: number; readonly isReset: boolean }

export type FaultProxy = {
  readonly port: number
  readonly url: string
  /** Where new connections go: a port, or the path of a unix socket; 0: no server. */
  target: number | string
  /** Ends all connections now. */
  cut(): void
  /** Ends each connection after so many more bytes of the server. */
  cutAfter(bytes: number): void
  /** What happens to each new connection: it is cut after so many bytes of the server, by FIN or RST; null: nothing. */
  cutEach(next: (() => Cut | null) | null): void
  /** Ends all connections with RST, on both sides. */
  reset(): void
  /**
   * Half-open connections: the named side is gone, and the other does not know. Its bytes are read and dropped, and it
   * gets none, until it gives up.
   */
  lose(side: 'server' | 'client'): void
  /** Carries nothing from the server until `resume`. */
  stall(): void
  resume(): void
  /** Sends the server's bytes in pieces of these sizes; null: unchanged. */
  shape(pieces: Pieces | null): void
  /** Inserts these bytes between the server's, on every connection. */
  garbage(bytes: Buffer): void
  /** Connections made so far. */
  readonly connections: number
  /** Connections open now, half-open ones too. */
  readonly open: number
  close(): Promise<void>
}

/** While so many bytes wait in the proxy, it reads no more from the server. */
const HELD_BYTES = 65_536

/** One connection through the proxy: bytes of the server that have not been passed on yet. */
class Pair {
  leftBytes = Number.POSITIVE_INFINITY
  /** How it is cut then. */
  isReset = false
  #held: Buffer[] = []
  #heldBytes = 0
  #lost: 'server' | 'client' | null = null
  #serverEnded = false
  #ended = false
  #next: (() => void) | null = null
  #spoken = false
  #whenSpoken: (() => void) | null = null

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    private readonly state: { stalled: boolean; pieces: Pieces | null },
    private readonly onGone: () => void,
  ) {
    for (const socket of [client, server]) socket.setNoDelay(true)
    client.on('data', bytes => {
      this.#spoke()
      if (this.#ended) return
      if (this.#lost !== null || server.write(bytes)) return
      client.pause()
      server.once('drain', () => client.resume())
    })
    server.on('data', bytes => {
      if (this.#lost === null) this.hold(bytes)
    })
    server.on('end', () => {
      this.#serverEnded = true
      if (this.#lost === null) this.pump()
      else this.end()
    })
    client.on('end', () => {
      this.#spoke()
      if (this.#lost === null) server.end()
      else this.end()
    })
    client.on('drain', () => this.pump())
    for (const [side, socket] of [
      ['client', client],
      ['server', server],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => {
        if (side === 'client') this.#spoke()
        if (this.#lost !== side) this.end()
      })
    }
  }

  hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes >= HELD_BYTES) this.server.pause()
    this.pump()
  }

  /** Passes on all bytes that are due. */
  pump(): void {
    const { stalled, pieces } = this.state
    if (stalled || this.#ended || this.#lost !== null || this.#next !== null) return
    if (this.client.writableNeedDrain) return
    const size = pieces === null ? this.#heldBytes : Math.min(this.#heldBytes, pieces.sizeBytes())
    if (size > 0) {
      const bytes = this.#take(Math.min(size, this.leftBytes))
      this.leftBytes -= bytes.length
      if (this.leftBytes <= 0) {
        this.#ended = true
        if (this.isReset) this.client.write(bytes, () => this.reset())
        else this.client.end(bytes, () => this.end())
        return
      }
      this.client.write(bytes)
      if (this.#heldBytes < HELD_BYTES) this.server.resume()
    }
    if (this.#heldBytes > 0) this.#later(pieces?.gapMs ?? 0)
    else if (this.#serverEnded) this.#onceSpoken(() => this.client.end())
  }

  lose(side: 'server' | 'client'): void {
    if (this.#lost !== null) return
    this.#lost = side
    this.#drop()
    if (side === 'server') {
      this.server.destroy()
      this.client.resume()
    } else {
      this.client.destroy()
      // A host that is gone acknowledges nothing: the server's bytes pile up.
      this.server.pause()
    }
  }

  reset(): void {
    this.#onceSpoken(() => {
      this.client.resetAndDestroy()
      // A unix socket knows no RST.
      if (this.server.remotePort === undefined) this.server.destroy()
      else this.server.resetAndDestroy()
      this.end()
    })
  }

  /**
   * No client's connection ends before it has sent its request: the fetch of Node 20 (undici 6) does not notice a connection that ends in the turn it was
   * made in, and only the client's 45 s of silence would end its wait.
   */
  #onceSpoken(work: () => void): void {
    if (this.#spoken) work()
    else this.#whenSpoken = work
  }

  /** It has sent its request, or will not. */
  #spoke(): void {
    this.#spoken = true
    const work = this.#whenSpoken
    this.#whenSpoken = null
    work?.()
  }

  end(): void {
    this.#ended = true
    this.#drop()
    this.server.destroy()
    this.#onceSpoken(() => this.destroy())
  }

  destroy(): void {
    this.client.destroy()
    this.server.destroy()
    this.onGone()
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
    this.#next?.()
    this.#next = null
  }

  #take(size: number): Buffer {
    const all = this.#held.length === 1 ? (this.#held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#held)
    this.#heldBytes = all.length - size
    this.#held = this.#heldBytes === 0 ? [] : [all.subarray(size)]
    return all.subarray(0, size)
  }

  #later(ms: number): void {
    const run = (): void => {
      this.#next = null
      this.pump()
    }
    if (ms === 0) {
      const immediate = setImmediate(run)
      this.#next = () => clearImmediate(immediate)
    } else {
      const timer = setTimeout(run, ms)
      this.#next = () => clearTimeout(timer)
    }
  }
}

export async function startFaultProxy(target: number | string): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  const refused = new Set<Socket>()
  const state: { stalled: boolean; pieces: Pieces | null } = { stalled: false, pieces: null }
  let connections = 0
  let nextCut: (() => Cut | null) | null = null
  const listener = createServer({ allowHalfOpen: true }, client => {
    connections++
    if (proxy.target === 0) {
      client.on('error', () => {})
      refused.add(client)
      client.once('close', () => refused.delete(client))
      // Once it has sent its request; see Pair.
      client.once('data', () => client.destroy())
      client.once('end', () => client.destroy())
      return
    }
    const { target } = proxy
    const to = typeof target === 'string' ? { path: target } : { port: target, host: '127.0.0.1' }
    const server = connect({ ...to, allowHalfOpen: true })
    const pair: Pair = new Pair(client, server, state, () => pairs.delete(pair))
    const cut = nextCut?.() ?? null
    if (cut !== null) {
      pair.leftBytes = cut.afterBytes
      pair.isReset = cut.isReset
    }
    pairs.add(pair)
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const all = (): readonly Pair[] => [...pairs]
  const proxy: FaultProxy = {
    port,
    url: `http://127.0.0.1:${port}`,
    target,
    cut() {
      for (const pair of all()) pair.end()
    },
    cutAfter(bytes) {
      for (const pair of all()) pair.leftBytes = bytes
    },
    cutEach(next) {
      nextCut = next
    },
    reset() {
      for (const pair of all()) pair.reset()
    },
    lose(side) {
      for (const pair of all()) pair.lose(side)
    },
    stall() {
      state.stalled = true
    },
    resume() {
      state.stalled = false
      for (const pair of all()) pair.pump()
    },
    shape(pieces) {
      state.pieces = pieces
    },
    garbage(bytes) {
      for (const pair of all()) pair.hold(bytes)
    },
    get connections() {
      return connections
    },
    get open() {
      return pairs.size
    },
    close: () =>
      new Promise<void>(resolve => {
        for (const each of [...pairs, ...refused]) each.destroy()
        listener.close(() => resolve())
      }),
  }
  return proxy
}
