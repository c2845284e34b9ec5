// The holder of the state: the reducer with a memory, for whoever reads a stream and whoever shows it.
import { type Heartbeat, type HeartbeatLimits, heartbeat } from './heartbeat.js'
import type { StatusEvent } from './parse.js'
import {
  EMPTY_STATE,
  heardBytes,
  lostEvent,
  type NeedFullReason,
  type PanelState,
  type ReduceOptions,
  reduce,
  rejoined,
  wantFull,
} from './store.js'

export class PanelStateStore {
  #state: PanelState = EMPTY_STATE
  readonly #options: ReduceOptions

  constructor(options: ReduceOptions = {}) {
    this.#options = options
  }

  get state(): PanelState {
    return this.#state
  }

  /** `producerAheadMs`: how far the producer's clock is ahead of the one that tells `nowMs`. */
  apply(event: StatusEvent, nowMs: number, producerAheadMs = 0): PanelState {
    this.#state = reduce(this.#state, event, nowMs, { ...this.#options, producerAheadMs })
    return this.#state
  }

  heardBytes(nowMs: number): void {
    this.#state = heardBytes(this.#state, nowMs)
  }

  /** A connection was made. */
  rejoined(): void {
    this.#state = rejoined(this.#state)
  }

  /** An event was lost without being seen. */
  lostEvent(reason: NeedFullReason): void {
    this.#state = lostEvent(this.#state, reason)
  }

  /** Asks for a full status from outside. */
  requestFull(reason: NeedFullReason): void {
    this.#state = wantFull(this.#state, reason)
  }

  heartbeat(nowMs: number, limits: HeartbeatLimits): Heartbeat {
    return heartbeat(this.#state, nowMs, limits)
  }
}
