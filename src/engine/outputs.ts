// The outputs of a loop. Those in the cycle get each result before the cycle ends: the stream, since readers wait for it. The
// others get it right after, so that neither readers nor the loop wait while frames are drawn, files written and differences
// found.
import type { CycleResult, Output } from './cycle.js'
import { type OutputObserver, OutputRunner } from './output-runner.js'

export class Outputs {
  readonly #inCycle: readonly OutputRunner[]
  readonly #afterCycle: readonly OutputRunner[]
  /** What those after the cycle are still to get. */
  #due: { readonly result: CycleResult; readonly immediate: NodeJS.Immediate } | null = null

  constructor(outputs: readonly Output[], observer: OutputObserver, monotonicMs: () => number) {
    const runnersOf = (inCycle: boolean): readonly OutputRunner[] =>
      outputs
        .filter(output => (output.inCycle ?? false) === inCycle)
        .map(output => new OutputRunner(output, observer, monotonicMs))
    this.#inCycle = runnersOf(true)
    this.#afterCycle = runnersOf(false)
  }

  publish(result: CycleResult): void {
    for (const runner of this.#inCycle) runner.publish(result)
    if (this.#afterCycle.length === 0) return
    this.#handOver()
    this.#due = { result, immediate: setImmediate(() => this.#handOver()) }
  }

  /** Resolves when every output has what was published. */
  async idle(): Promise<void> {
    this.#handOver()
    await Promise.all([...this.#inCycle, ...this.#afterCycle].map(runner => runner.idle()))
  }

  /** Waits for what is under way, then closes each output; a failing close is told, not thrown. */
  async close(): Promise<void> {
    this.#handOver()
    await Promise.all([...this.#inCycle, ...this.#afterCycle].map(runner => runner.close()))
  }

  #handOver(): void {
    const due = this.#due
    if (due === null) return
    this.#due = null
    clearImmediate(due.immediate)
    for (const runner of this.#afterCycle) runner.publish(due.result)
  }
}
