// The ids by which an API knows its own answers, while their streams are kept.

export type KnownAnswer = {
  readonly streamId: string
  /** Of the backend that made it. */
  readonly origin: string
}

export class AnswerIds {
  readonly #byId = new Map<string, KnownAnswer>()
  readonly #idOf = new Map<string, string>()

  keep(id: string, answer: KnownAnswer): void {
    this.forget(answer.streamId)
    this.#byId.set(id, answer)
    this.#idOf.set(answer.streamId, id)
  }

  find(id: string): KnownAnswer | null {
    return this.#byId.get(id) ?? null
  }

  forget(streamId: string): void {
    const id = this.#idOf.get(streamId)
    this.#idOf.delete(streamId)
    // Another answer may have taken the id.
    if (id !== undefined && this.#byId.get(id)?.streamId === streamId) this.#byId.delete(id)
  }
}
