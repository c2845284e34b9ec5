// Where others push a document to: what the route knows of the source behind it.

/** Why a push is refused; the texts never quote the document. */
export type PushFault =
  | { readonly kind: 'unusable' | 'too_large'; readonly message: string }
  /** Its earlier pushes are still being read. */
  | { readonly kind: 'busy' }

export interface PushTarget {
  /** `PUT /push/NAME` */
  readonly name: string
  /** What senders need; null while it cannot be read. */
  token(): Promise<string | null>
  /** Replaces the document; null: it is taken. */
  replace(body: Uint8Array): Promise<PushFault | null>
  /** Changes the document by a JSON merge patch (RFC 7396); null: it is taken. */
  merge(body: Uint8Array): Promise<PushFault | null>
}
