// A bounded load client: N connections that read, some that never do, and a publisher paced over the control port.
//
// Closed loop (`--window W`): W events are outstanding, and the next one is published when one has reached every connection;
// for processor time per delivery. Open loop (`--rate R`): R events a second; for latency. Raw sockets, since fetch and http
// cost more on this side than the servers do on theirs.
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientOptions, clientOptions } from './client-options.js'
import { Connections } from './connections.js'
import { ControlLink, type Reply, runWhenAsked } from './control-link.js'
import { Tally } from './tally.js'

const STALL_MS = 15_000
const DRAIN_MS = 10_000

const nowNs = (): number => Number(process.hrtime.bigint())

/** Everything that grows, at one moment. */
type Mark = {
  readonly atMs: number
  readonly server: Reply
  readonly deliveries: number
  readonly bytes: number
  /** Of this process. */
  readonly cpuUs: number
}

class Run {
  readonly #options: ClientOptions
  readonly #control: ControlLink
  readonly connections: Connections
  readonly #latency = createHistogram()
  #tally: Tally | null = null
  #publishing = false
  #measuring = false
  #issued = 0

  constructor(options: ClientOptions, control: ControlLink) {
    this.#options = options
    this.#control = control
    this.connections = new Connections(options, (reader, seq, stampNs) => this.#onEvent(reader, seq, stampNs))
  }

  #onEvent(reader: number, seq: number | null, stampNs: number | null): void {
    if (this.#tally === null || !this.#tally.arrived(reader, seq)) return
    if (this.#measuring && stampNs !== null) this.#latency.record(Math.max(1, nowNs() - stampNs))
  }

  #publish(events: number): void {
    this.#issued += events
    this.#control.publish(events)
  }

  async #mark(tally: Tally): Promise<Mark> {
    const server = await this.#control.ask()
    const { bytes } = this.connections.traffic
    const { user, system } = process.cpuUsage()
    return { atMs: performance.now(), server, deliveries: tally.deliveries, bytes, cpuUs: user + system }
  }

  /** Publishes until `#publishing` is false: at a rate here, or on completions in a closed loop. */
  #startPublishing(): void {
    this.#publishing = true
    const { rate, window } = this.#options
    if (rate === 0) {
      this.#publish(window)
      return
    }
    const periodMs = 1000 / rate
    let nextMs = performance.now()
    const tick = (): void => {
      if (!this.#publishing) return
      while (performance.now() >= nextMs) {
        this.#publish(1)
        nextMs += periodMs
      }
      setTimeout(tick, Math.max(0, nextMs - performance.now()))
    }
    tick()
  }

  /** Waits; throws when nothing arrives for STALL_MS while events are outstanding. */
  async #watch(tally: Tally, ms: number): Promise<void> {
    const end = performance.now() + ms
    let completed = tally.completed
    let progressAtMs = performance.now()
    while (performance.now() < end) {
      await sleep(Math.min(100, Math.max(1, end - performance.now())))
      if (tally.completed !== completed || this.#issued === tally.completed) {
        completed = tally.completed
        progressAtMs = performance.now()
      } else if (performance.now() - progressAtMs > STALL_MS) {
        throw new Error(`stalled: ${this.#issued} published, ${tally.completed} reached every reader`)
      }
    }
  }

  async run(): Promise<Record<string, unknown>> {
    const { n, rate, warm, secs } = this.#options
    const { published: base } = await this.#control.ask()
    const tally = new Tally(n, base, () => {
      if (this.#publishing && rate === 0) this.#publish(1)
    })
    this.#tally = tally
    this.#startPublishing()
    await this.#watch(tally, warm * 1000)
    const from = await this.#mark(tally)
    this.#measuring = true
    await this.#watch(tally, secs * 1000)
    this.#measuring = false
    const to = await this.#mark(tally)
    this.#publishing = false
    const deadline = performance.now() + DRAIN_MS
    while (tally.completed < this.#issued && performance.now() < deadline) await sleep(5)
    const isDrained = tally.completed >= this.#issued && tally.standingAt(base + this.#issued) === n
    return this.#result(from, to, tally, isDrained)
  }

  #result(from: Mark, to: Mark, tally: Tally, allComplete: boolean): Record<string, unknown> {
    const deliveries = to.deliveries - from.deliveries
    const cpuUs = to.server.userUs - from.server.userUs + to.server.systemUs - from.server.systemUs
    const each = (value: number): number => (deliveries === 0 ? 0 : value / deliveries)
    const us = (ns: number): number => Math.round(ns / 100) / 10
    return {
      issued: this.#issued,
      completed: tally.completed,
      deliv: deliveries,
      bytes_per_deliv: each(to.bytes - from.bytes),
      lat_us: { p50: us(this.#latency.percentile(50)), p99: us(this.#latency.percentile(99)) },
      all_complete: allComplete,
      gaps: tally.gaps,
      dups: tally.doubles,
      dead: this.connections.traffic.faults,
      srv_us_per_deliv: each(cpuUs),
      client_cpu_pct: (to.cpuUs - from.cpuUs) / (to.atMs - from.atMs) / 10,
    }
  }
}

const options = clientOptions(process.argv.slice(2))
const control = await ControlLink.connect(options.ctl)
const run = new Run(options, control)
await run.connections.open()
await runWhenAsked(() => run.run())
run.connections.close()
process.exit(0)
