// One answer, whatever routes it comes from: it begins, is written to a message part by part, and is stopped or left.
import type { UIMessage } from 'ai'
import type { Parts } from './parts.js'

export type Answer = {
  /** The id to continue it with, null when it has none. Rejects when the question is refused; `lost`: there is no such answer. */
  readonly begun: Promise<string | null>
  /** Writes it until its end. Rejects when the connection is lost for good. To be called once, after `begun`. */
  follow(parts: Parts): Promise<void>
  /** Ends it here and on the server. */
  stop(): Promise<void>
  /** Ends it here only: another reader goes on with it. */
  leave(): void
}

export type Asking = {
  readonly messages: readonly UIMessage[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export type AnswerSource = {
  ask(asking: Asking): Answer
  resume(streamId: string, headers: Readonly<Record<string, string>>): Answer
}

/** The answer is unknown, expired or somebody else's. */
export class AnswerLost extends Error {}

/** The SDK takes a TypeError about the network for a lost connection, and resumes when the page is looked at again. */
export function lostConnection(cause: Error): TypeError {
  return new TypeError(`network: ${cause.message}`, { cause })
}
