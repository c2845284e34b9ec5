// Three servers that share answers, an upstream that says what a run wants, and readers who go from server to server. What they got
// is checked against what was sent.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { limitKey } from '../../src/chat/limits/fleet-limits.js'
import { takePlace } from '../../src/chat/limits/shared-limits.js'
import type { Seal } from '../../src/fleet/seal.js'
import { ChatNode, PLACES, TENTH } from './chat-fleet.js'
import { type ChatEvent, ChatReader } from './chat-reader.js'
import { eventually } from './eventually.js'
import { type RedisServer, startRedis } from './redis-server.js'

export type Deed =
  | 'ask'
  | 'start'
  | 'wait'
  | 'say'
  | 'hop'
  | 'done'
  | 'stop'
  | 'cut'
  | 'stall'
  | 'go'
  | 'lose'
  | 'kill'
  | 'flush'
  | 'restart'

/** Answers the question `q<n>` for as long as the run wants. */
class Upstream {
  readonly #open = new Map<string, ServerResponse[]>()
  readonly asked = new Map<string, number>()
  readonly #server = createServer((request, response) => {
    const name = new URL(request.url ?? '', 'http://u').searchParams.get('query') ?? ''
    this.asked.set(name, (this.asked.get(name) ?? 0) + 1)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    this.#open.set(name, [...(this.#open.get(name) ?? []), response])
  })
  #sent = 0

  async listen(): Promise<string> {
    await new Promise<void>(resolve => void this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
  /** Still connected. */
  open(name: string): readonly ServerResponse[] {
    return (this.#open.get(name) ?? []).filter(({ destroyed, writableEnded }) => !destroyed && !writableEnded)
  }
  say(name: string): void {
    for (const response of this.open(name)) response.write(frame('token', `<${this.#sent++}>`))
  }
  done(name: string): void {
    for (const response of this.open(name)) response.end(frame('done', null))
  }
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
const frame = (type: string, data: unknown): string => `data: ${JSON.stringify({ type, data })}\n\n`
const TERMINAL = /^(done|error|aborted)$/

/** One who reads an answer to its end, over as many connections and servers as that takes. */
class Hopper {
  readonly got: ChatEvent[] = []
  #reader: ChatReader | null = null
  #seen = 0
  streamId: string | null = null
  /** It left before it knew the answer's id. */
  isVoid = false
  status = 0

  /** Takes over what the present connection brought. */
  collect(): void {
    const reader = this.#reader
    if (reader === null) return
    if (reader.status === 200) this.streamId ??= reader.streamId
    this.status = reader.status
    for (const event of reader.numbered.slice(this.#seen)) this.got.push(event)
    this.#seen = reader.numbered.length
  }
  get isOver(): boolean {
    return this.#reader?.isOver ?? true
  }
  /** Its present connection has a response, or never will. */
  get isAnswered(): boolean {
    return this.isOver || this.#reader?.status !== 0
  }
  get hasEnd(): boolean {
    this.collect()
    return this.got.some(({ type }) => TERMINAL.test(type))
  }
  leave(): void {
    this.collect()
    this.#reader?.cut()
    this.#reader = null
    this.#seen = 0
  }
  ask(base: string, query: string, headers: Readonly<Record<string, string>>): void {
    this.#reader = new ChatReader(`${base}/chat-stream`, { method: 'POST', headers, body: { query } })
  }
  resume(base: string, headers: Readonly<Record<string, string>>): void {
    this.leave()
    if (this.streamId === null) return
    const lastId = this.got.at(-1)?.id
    this.#reader = new ChatReader(`${base}/chat-stream/${this.streamId}`, {
      headers: { ...headers, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    })
  }
}

type Asked = {
  readonly name: string
  readonly key: string | null
  readonly hoppers: Hopper[]
  isStopped: boolean
}

const FLEET = 'law'
/** Longer than a run. */
const RATE = { count: 4, windowSec: 600 }
const MOST_LIVE = 4
/** C5 as it is promised, although all times are shorter: a busy machine has time. */
const END_OF_DEAD_MS = 17_000
const PLACE_OF_DEAD_MS = 30_000

export class ChatWorld {
  readonly faults: string[] = []
  #nodes: ChatNode[] = []
  readonly #upstream = new Upstream()
  #url = ''
  #asked: Asked[] = []
  #runs = 0
  #questions = 0
  /** Redis or a link was away: one key may have been asked twice. */
  #wasAway = false
  #wasKilled = false
  /** Since when nothing has failed. */
  #healedMs = 0
  /** Starts of each caller in this run, and those that were accepted. */
  readonly #tried = new Map<string, number>()
  readonly #accepted = new Map<string, number>()
  /** How often Redis has lost its counts, and nodes that decided without it. */
  #losses = 0
  readonly #local = new Set<string>()

  private constructor(
    readonly redis: RedisServer,
    readonly size: number,
    readonly seal: Seal,
  ) {}

  static async start(size: number, seal: Seal): Promise<ChatWorld> {
    const world = new ChatWorld(await startRedis(), size, seal)
    world.#url = await world.#upstream.listen()
    await world.#fill()
    return world
  }

  async #fill(): Promise<void> {
    while (this.#nodes.length < this.size) this.#nodes.push(await this.#startNode())
  }

  #startNode(): Promise<ChatNode> {
    const chat = { chatDisconnectGraceMs: 60_000 }
    return ChatNode.start(this.redis, {
      fleet: FLEET,
      seal: this.seal,
      backends: () => [this.#url],
      chat,
      limits: {
        rate: RATE,
        live: MOST_LIVE,
        onStart: (key, isAccepted) => {
          count(this.#tried, key)
          if (isAccepted) count(this.#accepted, key)
        },
        onLocal: node => this.#local.add(node),
      },
    })
  }

  async begin(): Promise<void> {
    this.#runs++
    this.#asked = []
    this.#wasAway = false
    this.#wasKilled = false
    this.#losses = 0
    for (const each of [this.#tried, this.#accepted, this.#local]) each.clear()
    await this.#fill()
  }

  /** Of the one who asks in this run. */
  get #headers() {
    return { authorization: `Bearer person:ann${this.#runs}` }
  }

  async do(deed: Deed, nodeIndex: number, answerIndex: number): Promise<void> {
    const node = this.#nodes[nodeIndex]
    const asked = this.#asked[answerIndex % Math.max(1, this.#asked.length)]
    if (node === undefined) return
    switch (deed) {
      case 'ask':
        return this.#ask(node, answerIndex)
      case 'start':
        await this.#burst(node)
        return
      case 'wait':
        return this.#pass()
      case 'say':
        if (asked !== undefined) this.#upstream.say(asked.name)
        return this.#breathe()
      case 'done':
        if (asked !== undefined) this.#upstream.done(asked.name)
        return
      case 'hop':
        return this.#hop(node, asked)
      case 'stop':
        return this.#stop(node, asked)
      case 'cut':
        node.proxy.cut()
        return this.#away()
      case 'stall':
        node.proxy.stall()
        return this.#away()
      case 'lose':
        node.proxy.lose('server')
        return this.#away()
      case 'go':
        node.proxy.resume()
        return
      case 'kill':
        return this.#kill(node)
      case 'flush': {
        this.#away()
        this.#losses++
        const healthy = this.#nodes.find(({ link }) => link.commands.isUp)
        await healthy?.link.commands.send(['FLUSHALL']).catch(() => {})
        return
      }
      case 'restart':
        this.#away()
        this.#losses++
        await this.redis.kill()
        await this.redis.start()
    }
  }

  #away(): void {
    this.#wasAway = true
  }

  /** A few turns of the event loop, so that what was sent arrives somewhere. */
  async #breathe(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
  }

  /** Time passes, in which what was sent gets to Redis. */
  #pass(): Promise<void> {
    return new Promise(resolve => void setTimeout(resolve, 10 * TENTH.gatherMs))
  }

  /** A program that asks as often as it may, at once. */
  async #burst({ limits }: ChatNode): Promise<void> {
    const caller = { key: `program${this.#runs}`, relayKey: null }
    await Promise.all(Array.from({ length: RATE.count }, () => limits?.start(caller)))
  }

  /** A new question, or the same one again with its key. */
  async #ask(node: ChatNode, index: number): Promise<void> {
    const again = this.#asked[index]
    const asked: Asked =
      again !== undefined && again.key !== null
        ? again
        : {
            name: `q${this.#runs}-${this.#questions}`,
            key: index % 2 === 0 ? `k${this.#questions}` : null,
            hoppers: [],
            isStopped: false,
          }
    this.#questions++
    if (asked !== again) this.#asked.push(asked)
    const hopper = new Hopper()
    asked.hoppers.push(hopper)
    const key = asked.key === null ? {} : { 'idempotency-key': asked.key }
    hopper.ask(node.rig.base, asked.name, { ...this.#headers, ...key })
    await this.#breathe()
  }

  async #hop(node: ChatNode, asked: Asked | undefined): Promise<void> {
    const hopper = asked?.hoppers[0]
    if (hopper === undefined) return
    hopper.collect()
    if (hopper.streamId === null || hopper.hasEnd) return
    hopper.resume(node.rig.base, this.#headers)
    await this.#breathe()
  }

  async #stop(node: ChatNode, asked: Asked | undefined): Promise<void> {
    const streamId = asked?.hoppers[0]?.streamId
    if (asked === undefined || streamId == null) return
    const url = `${node.rig.base}/chat-stream/${streamId}`
    const { status } = await new ChatReader(url, { method: 'DELETE', headers: this.#headers }).end()
    // C6: a 404 is only answered for what Redis does not have, and it has what is not lost.
    if (status === 404 && !this.#wasAway) throw new Error('404 for an answer that goes on')
    if (status === 202 && !this.#wasAway) asked.isStopped = true
  }

  async #kill(node: ChatNode): Promise<void> {
    if (this.#nodes.length < 2) return
    this.#wasKilled = true
    this.#nodes = this.#nodes.filter(each => each !== node)
    this.faults.push(...node.faults)
    await node.kill()
  }

  /** No more faults: every link is up again. */
  async heal(): Promise<void> {
    for (const { proxy } of this.#nodes) {
      proxy.resume()
      // Half-open ones too, which nobody has noticed yet.
      if (this.#wasAway) proxy.cut()
    }
    await this.#fill()
    const answers = async ({ link, proxy }: ChatNode): Promise<boolean> => {
      const pings = [link.commands, link.bulk].map(lane => lane.send(['PING']).catch(() => null))
      return !(await Promise.all(pings)).includes(null) && link.isListening && proxy.open === 3
    }
    await eventually(
      async () => !(await Promise.all(this.#nodes.map(answers))).includes(false),
      'all links are up',
    )
    this.#healedMs = performance.now()
  }

  async check(): Promise<void> {
    for (const { name, isStopped } of this.#asked)
      if (isStopped) await eventually(() => this.#upstream.open(name).length === 0, `${name} is stopped`)
    // At once: a caller's places are kept by what takes them, so those of a dead node must become free by themselves.
    await Promise.all([this.#checkNoneRuns(), this.#checkPlaces()])
    let turn = 0
    for (const asked of this.#asked) {
      for (const hopper of asked.hoppers) {
        await eventually(
          async () => {
            if (hopper.hasEnd) return true
            this.#upstream.done(asked.name)
            if (!hopper.isOver) return false
            // It never had an id: nobody can come back to it. Or the answer is nowhere any more.
            if (hopper.streamId === null) {
              hopper.isVoid = true
              return true
            }
            if (hopper.status === 404 && (this.#wasAway || this.#wasKilled)) {
              hopper.isVoid = true
              return true
            }
            if (hopper.status === 404) throw new Error('404 for an answer that is kept')
            const node = this.#nodes[turn++ % this.#nodes.length]
            if (node !== undefined) hopper.resume(node.rig.base, this.#headers)
            return false
          },
          () => `${asked.name} ends for its reader: ${hopper.status} ${JSON.stringify(hopper.got.at(-1))}`,
        )
        hopper.leave()
        this.#checkReader(asked, hopper)
      }
      this.#checkEqual(asked)
      if (!this.#wasAway && asked.key !== null)
        // C3
        expect(this.#upstream.asked.get(asked.name) ?? 0, asked.name).toBeLessThanOrEqual(1)
    }
    this.#checkStarts()
    for (const { faults } of this.#nodes) this.faults.push(...faults.splice(0))
    expect(this.faults).toEqual([])
  }

  get #link(): ChatNode['link'] {
    const [node] = this.#nodes
    if (node === undefined) throw new Error('no node')
    return node.link
  }

  /** What still goes on is ended by its upstream; a server that was killed took its connection with it. */
  #endAll(): void {
    for (const { name, isStopped } of this.#asked) if (!isStopped) this.#upstream.done(name)
  }

  /** C5: every answer has its end in Redis, also one whose node was killed and that nobody looks at. */
  async #checkNoneRuns(): Promise<void> {
    await eventually(async () => {
      if (!this.#asked.every(({ hoppers }) => hoppers.every(({ isAnswered }) => isAnswered))) return false
      this.#endAll()
      const live = await this.#link.commands.send(['KEYS', `g6:{c*}:${FLEET}:live`])
      return Array.isArray(live) && live.length === 0
    }, 'every answer has its end in Redis')
    if (this.#wasKilled) expect(performance.now() - this.#healedMs).toBeLessThan(END_OF_DEAD_MS)
  }

  /** C5: the places of all answers are free, also those of a node that was killed. */
  async #checkPlaces(): Promise<void> {
    const ids = Array.from({ length: MOST_LIVE }, (_, i) => `check${i}`)
    const taken = [...this.#tried.keys()].flatMap(caller =>
      ids.map(id => ({ key: limitKey(FLEET, 'places', caller), id })),
    )
    await eventually(async () => {
      this.#endAll()
      const { run } = this.#link
      const { leaseMs } = PLACES
      const all = taken.map(({ key, id }) => takePlace(run, key, id, MOST_LIVE, leaseMs).catch(() => false))
      return !(await Promise.all(all)).includes(false)
    }, 'all places are free')
    if (this.#wasKilled) expect(performance.now() - this.#healedMs).toBeLessThan(PLACE_OF_DEAD_MS)
  }

  /** L1, L2: what Redis counted, and the share of each node that decided without it. */
  #checkStarts(): void {
    const share = Math.ceil(RATE.count / this.size)
    const most = RATE.count * (1 + this.#losses) + share * this.#local.size
    const isExact = this.#losses === 0 && this.#local.size === 0
    for (const [key, tried] of this.#tried) {
      const accepted = this.#accepted.get(key) ?? 0
      expect(accepted, key).toBeLessThanOrEqual(most)
      if (isExact) expect(accepted, key).toBe(Math.min(RATE.count, tried))
    }
  }

  /** C1 */
  #checkReader({ name }: Asked, { got, isVoid }: Hopper): void {
    expect(
      got.map(({ sequence }) => sequence),
      name,
    ).toEqual(got.map((_, i) => i))
    const ends = got.filter(({ type }) => TERMINAL.test(type))
    expect(ends.length, `${name} has one end`).toBe(isVoid ? 0 : 1)
    if (!isVoid) expect(got.at(-1), name).toBe(ends[0])
  }

  /** C2: equal; or, after a loss, up to the end of the shorter. */
  #checkEqual({ name, hoppers }: Asked): void {
    const byStream = new Map<string, Hopper[]>()
    for (const hopper of hoppers) {
      const { streamId, isVoid } = hopper
      if (streamId !== null && !isVoid) byStream.set(streamId, [...(byStream.get(streamId) ?? []), hopper])
    }
    const textOf = ({ type, data, sequence, timestamp }: ChatEvent): string =>
      JSON.stringify({ type, data, sequence, timestamp })
    for (const [first, ...others] of byStream.values()) {
      for (const other of others) {
        const [short, long] = [first?.got ?? [], other.got].sort((a, b) => a.length - b.length)
        const isLost = [short, long].some(
          got => (got?.at(-1)?.data as { readonly code?: string } | undefined)?.code === 'node_lost',
        )
        const count = isLost ? (short?.length ?? 1) - 1 : Number.POSITIVE_INFINITY
        expect(short?.slice(0, count).map(textOf), name).toEqual(long?.slice(0, count).map(textOf))
      }
    }
  }

  async close(): Promise<void> {
    for (const { hoppers } of this.#asked) for (const hopper of hoppers) hopper.leave()
    for (const node of this.#nodes) await node.close()
    await this.#upstream.close()
    await this.redis.close()
  }
}
