// Where others push a document to: what the route knows of the source behind it.

/** Why a push is refused; the texts never quote the document. */
export type PushFault =
  | { readonly kind: 'unusable' | 'too_large'; readonly message: string }
  /** Its earlier pushes are still being read. */
  | { readonly kind: 'busy' }
  /** The other servers of the fleet do not get it: Redis is gone. */
  | { readonly kind: 'unshared' }

export interface PushTarget {
  /** `PUT /push/NAME` */
  readonly name: string
  /** What senders need; null while it cannot be read. */
  token(): Promise<string | null>
  /** The newest document; null: there is none, or only a part of it is kept. */
  document(): Uint8Array | null
  /** Replaces the document; null: it is taken. `ageMs`: how long ago it was pushed, elsewhere. */
  replace(body: Uint8Array, ageMs?: number): Promise<PushFault | null>
  /** Changes the document by a JSON merge patch (RFC 7396); null: it is taken. */
  merge(body: Uint8Array): Promise<PushFault | null>
}
