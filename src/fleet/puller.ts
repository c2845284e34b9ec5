// One pull at a time. A request while one runs asks for one more after it, shared by all that ask meanwhile: the running one may
// have read before what they were notified of.
type Round = { readonly done: Promise<void>; readonly end: () => void }

function newRound(): Round {
  let end = (): void => {}
  const done = new Promise<void>(resolve => {
    end = resolve
  })
  return { done, end }
}

export class Puller {
  readonly #pull: () => Promise<void>
  #isRunning = false
  #next: Round | null = null

  /** `pull` must not reject. */
  constructor(pull: () => Promise<void>) {
    this.#pull = pull
  }

  /** Resolves when a pull that began after this call has ended. */
  request(): Promise<void> {
    this.#next ??= newRound()
    const { done } = this.#next
    if (!this.#isRunning) void this.#run()
    return done
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#next !== null) {
      const { end } = this.#next
      this.#next = null
      await this.#pull()
      end()
    }
    this.#isRunning = false
  }
}
