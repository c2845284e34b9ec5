// `Idempotency-Key`: a repeated question joins the running or kept answer and never starts a second one. A key belongs to
// the caller who used it first, and to one body; it is forgotten with its stream.
import { createHash } from 'node:crypto'
import { z } from 'zod'

export const keyHeader = z.string().regex(/^[\x21-\x7e]{1,255}$/)

/** Null: the header is missing. False: it is not a valid key. */
export function idempotencyKey(header: string | readonly string[] | undefined): string | null | false {
  if (header === undefined) return null
  const parsed = keyHeader.safeParse(header)
  return parsed.success && parsed.data
}

type Known = {
  readonly streamId: string
  readonly fingerprint: string
  /** Resolves when the answer has begun, or has failed before; null: it has begun. */
  readonly begun: Promise<void> | null
}
export type Earlier =
  | { readonly kind: 'none' }
  | { readonly kind: 'same'; readonly streamId: string; readonly begun: Promise<void> | null }
  | { readonly kind: 'conflict' }

export class IdempotencyKeys {
  readonly #byKey = new Map<string, Known>()
  readonly #keyOf = new Map<string, string>()
  /** Answers without an owner that a second request joined. */
  readonly #shared = new Set<string>()

  /** Unique to owner and key. */
  static scoped(ownerKey: string, key: string): string {
    return createHash('sha256').update(`${ownerKey}\n${key}`).digest('base64url')
  }

  static fingerprint(body: unknown): string {
    return createHash('sha256').update(JSON.stringify(body)).digest('base64url')
  }

  find(scoped: string, fingerprint: string): Earlier {
    const known = this.#byKey.get(scoped)
    if (known === undefined) return { kind: 'none' }
    return known.fingerprint === fingerprint
      ? { kind: 'same', streamId: known.streamId, begun: known.begun }
      : { kind: 'conflict' }
  }

  keep(scoped: string, fingerprint: string, streamId: string): void {
    this.#set(scoped, { streamId, fingerprint, begun: null })
  }

  /**
   * The answer is about to begin: until the returned function is called with whether it has, a second caller waits. Called at once
   * after `find`, so one of two callers is the first.
   */
  reserve(scoped: string, fingerprint: string, streamId: string): (hasBegun: boolean) => void {
    let resolve = (): void => {}
    const begun = new Promise<void>(settled => {
      resolve = settled
    })
    this.#set(scoped, { streamId, fingerprint, begun })
    return hasBegun => {
      if (!hasBegun) this.forget(streamId)
      else if (this.#byKey.get(scoped)?.streamId === streamId) this.keep(scoped, fingerprint, streamId)
      resolve()
    }
  }

  #set(scoped: string, known: Known): void {
    this.#byKey.set(scoped, known)
    this.#keyOf.set(known.streamId, scoped)
  }

  /**
   * A second request joined this answer, and nothing shows that it came from the same person: everybody at an address counts as
   * one anonymous caller. From now on it can be read, and nobody can stop it for the others.
   */
  share(streamId: string): void {
    this.#shared.add(streamId)
  }

  isShared(streamId: string): boolean {
    return this.#shared.has(streamId)
  }

  forget(streamId: string): void {
    this.#shared.delete(streamId)
    const scoped = this.#keyOf.get(streamId)
    this.#keyOf.delete(streamId)
    // The key may already belong to a later answer.
    if (scoped !== undefined && this.#byKey.get(scoped)?.streamId === streamId) this.#byKey.delete(scoped)
  }
}
