// One output at its own pace: while it is busy newer results replace each other, and only the newest is handed over
// when it is ready again. What it throws is told and goes no further.
import type { CycleResult, Output } from './cycle.js'

export type OutputObserver = {
  onOutput?(name: string, seconds: number): void
  onOutputFailed?(name: string, error: unknown): void
}

export class OutputRunner {
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

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    while (this.#busy !== null) await this.#busy
  }

  /** Waits for what is under way, then closes the output; a failing close is told, not thrown. */
  async close(): Promise<void> {
    await this.idle()
    try {
      await this.output.close()
    } catch (error) {
      this.observer.onOutputFailed?.(this.output.name, error)
    }
  }

  /** Null when the output was done at once. */
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
