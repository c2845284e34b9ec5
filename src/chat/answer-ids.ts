// The ids by which an API knows its own answers, while their streams are kept.

export type KnownAnswer = {
  readonly streamId: string
  /** The name of the backend that made it. */
  readonly backend: string
  /** It is kept event by event, so that it can be resumed here. */
  readonly isStreamed: boolean
  /** Its backend goes on with it when its connection has closed, until it is asked to cancel it. */
  readonly isBackground: boolean
}

export class AnswerIds {
  readonly #byId = new Map<string, KnownAnswer>()
  readonly #idOf = new Map<string, string>()
  /** Streams in the background that nobody has asked their backend to cancel. */
  readonly #goingOn = new Set<string>()

  /** False: it was known. */
  keep(id: string, answer: KnownAnswer): boolean {
    const { streamId } = answer
    if (this.#idOf.get(streamId) === id) return false
    this.forget(streamId)
    this.#byId.set(id, answer)
    this.#idOf.set(streamId, id)
    if (answer.isBackground) this.#goingOn.add(streamId)
    return true
  }

  find(id: string): KnownAnswer | null {
    return this.#byId.get(id) ?? null
  }

  /** For the one who asks the backend to cancel it: its id and backend, once. Null: there is nothing to ask. */
  takeCancel(streamId: string): { readonly id: string; readonly backend: string } | null {
    const id = this.#idOf.get(streamId)
    const backend = id === undefined ? undefined : this.#byId.get(id)?.backend
    if (id === undefined || backend === undefined) return null
    return this.#goingOn.delete(streamId) ? { id, backend } : null
  }

  forget(streamId: string): void {
    const id = this.#idOf.get(streamId)
    this.#idOf.delete(streamId)
    this.#goingOn.delete(streamId)
    // Another answer may have taken the id.
    if (id !== undefined && this.#byId.get(id)?.streamId === streamId) this.#byId.delete(id)
  }
}
