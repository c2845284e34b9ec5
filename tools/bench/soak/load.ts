// The mixed load of a soak: readers that stay, readers that connect and disconnect in every way, readers that never read,
// resyncs and scrapes. Their number is bounded; `close` closes all of them.
import http from 'node:http'
import type { Socket } from 'node:net'
import { send } from '../../../bench/requests.js'
import { createRandom, type Random } from '../../../src/simulator/prng.js'

const STEADY = 20
const STALLED = 5
const COMING_EVERY_MS = 25
const STAY_MS = { least: 50, most: 1_000 } as const
/** A stalled reader is replaced after this long, so that its end is part of the load too. */
const STALLED_MS = 5_000
const RESYNC_EVERY_MS = 50
const SCRAPE_EVERY_MS = 1_000
const MAX_GUESTS = 200
const MAX_REASONS = 5

type Kind = 'reads' | 'reads gzip' | 'resumes' | 'stalls'
const GUEST_KINDS: readonly Kind[] = ['reads', 'reads gzip', 'resumes', 'reads']

export type LoadCounts = Load['counts']

export class Load {
  readonly counts = {
    opened: 0,
    served: 0,
    /** Guests that disconnected before they had an answer: the machine was busy. */
    early: 0,
    bytes: 0,
    resyncs: 0,
    scrapes: 0,
    /** Connections that the server refused or ended, and answers other than 200. */
    failures: 0,
    /** The first few failures. */
    why: [] as string[],
  }
  readonly #url: string
  readonly #random: Random = createRandom(1)
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  readonly #sockets = new Set<Socket>()
  /** Sockets that this side is closing. */
  readonly #leaving = new WeakSet<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastId = ''
  #open = true

  constructor(url: string) {
    this.#url = url
  }

  start(): void {
    for (let i = 0; i < STEADY; i++) this.#reader(i % 2 === 0 ? 'reads' : 'reads gzip')
    for (let i = 0; i < STALLED; i++) this.#stalled()
    this.#every(COMING_EVERY_MS, () => this.#guest())
    this.#every(RESYNC_EVERY_MS, () => this.#get('/summary/resync', () => this.counts.resyncs++))
    this.#every(SCRAPE_EVERY_MS, () => this.#get('/metrics', () => this.counts.scrapes++))
  }

  close(): void {
    this.#open = false
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
    this.#agent.destroy()
  }

  #fail(why: string): void {
    this.counts.failures++
    if (this.counts.why.length < MAX_REASONS) this.counts.why.push(why)
  }

  #every(ms: number, work: () => void): void {
    this.#timers.add(setInterval(work, ms))
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }

  /** Connects, reads, and disconnects at a random moment by end, by reset, or by closing. */
  #guest(): void {
    if (this.#sockets.size >= MAX_GUESTS) return
    const socket = this.#reader(GUEST_KINDS[this.#random.whole(0, GUEST_KINDS.length - 1)] ?? 'reads')
    const way = this.#random.whole(0, 2)
    this.#after(this.#random.whole(STAY_MS.least, STAY_MS.most), () => {
      this.#leaving.add(socket)
      if (way === 0) socket.resetAndDestroy()
      else if (way === 1) socket.end()
      else socket.destroy()
      // After an end the server closes too, within the longest stay.
      if (way === 1) this.#after(STAY_MS.most, () => socket.destroy())
    })
  }

  #stalled(): void {
    const socket = this.#reader('stalls')
    this.#after(STALLED_MS, () => {
      socket.destroy()
      this.#stalled()
    })
  }

  #reader(kind: Kind): Socket {
    const headers = [
      'Accept: text/event-stream',
      ...(kind === 'reads gzip' ? ['Accept-Encoding: gzip'] : []),
      ...(kind === 'resumes' && this.#lastId !== '' ? [`Last-Event-ID: ${this.#lastId}`] : []),
    ]
    const socket = send(`${this.#url}/summary/events`, headers)
    this.counts.opened++
    this.#sockets.add(socket)
    let isServed = false
    let reason = 'ended by the server before it was served'
    socket.on('error', error => {
      reason = error.message
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      // The server may close a reader that never reads at any time.
      if (!this.#open || kind === 'stalls') return
      if (!this.#leaving.has(socket)) this.#fail(`${kind}: ${reason}`)
      else if (!isServed) this.counts.early++
    })
    if (kind === 'stalls') {
      socket.pause()
      return socket
    }
    socket.on('data', bytes => {
      this.counts.bytes += bytes.length
      if (!isServed) {
        reason = bytes.toString('latin1', 0, 12)
        isServed = reason === 'HTTP/1.1 200'
        if (isServed) {
          this.counts.served++
          reason = 'ended by the server'
        } else socket.destroy()
      }
      if (kind === 'reads') this.#lastId = /^id: (\S+)$/m.exec(bytes.toString('latin1'))?.[1] ?? this.#lastId
    })
    return socket
  }

  #get(path: string, done: () => void): void {
    const request = http.get(this.#url + path, { agent: this.#agent }, response => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode === 200) done()
        else this.#fail(`${path}: ${response.statusCode}`)
      })
    })
    request.once('error', error => {
      if (!this.#open) return
      // The server closed an idle connection at the moment it was used again.
      const isRace = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
      if (isRace) this.#get(path, done)
      else this.#fail(`${path}: ${error.message}`)
    })
  }
}
