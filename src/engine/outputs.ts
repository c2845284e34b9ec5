// The outputs of a loop. Those in the cycle get each result before the cycle ends: the stream, since readers wait for it. The
// others get it right after, so that neither readers nor the loop wait while frames are drawn and files are written.
//
// Each output runs at its own pace: while it is busy newer results replace each other, and it gets only the newest when it is
// ready again. What it throws goes to the observer and no further.
import type { CycleResult, Output } from './cycle.js'

export type OutputObserver = {
  onOutput?(name: string, seconds: number): void
  onOutputFailed?(name: string, error: unknown): void
}

class OutputRunner {
  #newest: CycleResult | null = null
  #busy: Promise<void> | null = null

  constructor(
    private readonly output: Output,
    private readonly observer: OutputObserver,
    private readonly monotonicMs: () => number,
  ) {}

  publish(result: CycleResult): void {
    if (this.#busy !== null) {
      this.#newest = result
      return
    }
    const running = this.#run(result)
    if (running === null) return
    this.#busy = running.then(() => {
      this.#busy = null
      const newest = this.#newest
      this.#newest = null
      if (newest !== null) this.publish(newest)
    })
  }

  async idle(): Promise<void> {
    while (this.#busy !== null) await this.#busy
  }

  async close(): Promise<void> {
    await this.idle()
    try {
      await this.output.close()
    } catch (error) {
      this.observer.onOutputFailed?.(this.output.name, error)
    }
  }

  /** Null when the output finished at once. */
  #run(result: CycleResult): Promise<void> | null {
    const { name } = this.output
    const startMs = this.monotonicMs()
    const done = () => this.observer.onOutput?.(name, (this.monotonicMs() - startMs) / 1000)
    try {
      const running = this.output.publish(result)
      if (running === undefined) {
        done()
        return null
      }
      return running.then(done, (error: unknown) => this.observer.onOutputFailed?.(name, error))
    } catch (error) {
      this.observer.onOutputFailed?.(name, error)
      return null
    }
  }
}

export class Outputs {
  readonly #inCycle: readonly OutputRunner[]
  readonly #afterCycle: readonly OutputRunner[]
  /** What the outputs after the cycle have yet to get. */
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

  /** Waits for what is running, then closes each output; a close that fails goes to the observer. */
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
