// The time of a recording that is played: it goes on from the newest line, as fast as it is played, and never past the next one; at the end
// it stays at the last.
import type { Clock } from '../clock/clock.js'
import type { Moment } from '../clock/moment.js'

export class PlayedTime {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #speed: number
  #line: Moment | null = null
  #setMs = 0
  #untilNextMs = 0
  /** The steady clock of a recording begins anew with each round. */
  #baseMs = 0
  #lastSteadyMs = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>, speed: number) {
    this.#clock = clock
    this.#speed = speed
  }

  /** A line is played; returns its moment. */
  line(wallMs: number, steadyMs: number): Moment {
    if (steadyMs < this.#lastSteadyMs) this.#baseMs += this.#lastSteadyMs + 1
    this.#lastSteadyMs = steadyMs
    this.#line = { wallMs, monotonicMs: this.#baseMs + steadyMs }
    this.#setMs = this.#clock.monotonicMs()
    this.#untilNextMs = 0
    return this.#line
  }

  /** The next one comes so much later in the recording. */
  waits(untilNextMs: number): void {
    this.#untilNextMs = Math.max(0, untilNextMs)
  }

  /** Null before the first line. */
  now(): Moment | null {
    if (this.#line === null) return null
    const sinceMs = (this.#clock.monotonicMs() - this.#setMs) * this.#speed
    const pastMs = Math.min(sinceMs, this.#untilNextMs)
    return { wallMs: this.#line.wallMs + pastMs, monotonicMs: this.#line.monotonicMs + pastMs }
  }
}
