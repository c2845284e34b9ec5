// What a generation needs to know of the format of its answer: what goes into the log when the answer opens, when the upstream
// sent something, and at the end; and the counts for audit and metrics. `Item` is one thing that an upstream sent.
import type { Terminal, TokenCounts } from './events.js'
import type { StreamFacts, WritableChatLog } from './log/chat-log.js'

export type Now = { readonly wallMs: number; readonly monoMs: number }

export type AnswerCounts = {
  readonly startedMonoMs: number
  /** Null: nothing visible came yet. */
  readonly firstTokenMonoMs: number | null
  readonly lastTokenMonoMs: number | null
  readonly tokens: number
  /** UTF-8 bytes of the tokens. */
  readonly bytes: number
  /** The last counts of the upstream; null: it sent none. */
  readonly usage: TokenCounts | null
  /** Estimated tokens of the question, for upstreams that do not count. */
  readonly inputEstimate: number
  readonly endedMonoMs: number | null
}

/** One answer on its way into its log. */
export interface Answer<Item> {
  readonly counts: AnswerCounts
  /** Null while it goes on. */
  readonly terminal: Terminal | null
  /** The log has something besides its opening and its end. */
  readonly hasBegun: boolean
  /** Appends what one chunk of the upstream brought; ends the answer where that ends it, or where the log takes no more. */
  receive(items: readonly Item[], now: Now): void
  /** Closes the log. Nothing when it has ended. */
  end(terminal: Terminal, now: Now): void
}

/** Opens the answer: what every reader gets first is in the log. */
export type AnswerFormat<Item> = (facts: StreamFacts, log: WritableChatLog, now: Now) => Answer<Item>

/** Reads the body of one response of an upstream: a try at a backend has one of its own. */
export interface BodyReader<Item> {
  /** Whether it reads a body of this content type, asked before the body comes. Without it: event streams alone. */
  accepts?(contentType: string): boolean
  /** What this chunk completed, in order; null: not one frame. An empty list: frames that say nothing of the answer. */
  push(chunk: Buffer): readonly Item[] | null
  /** The body has ended in order: what is left. */
  end(): readonly Item[]
  /** The upstream has given the reason of its end, and nothing of the answer came since: if its body stays open, the caller calls `end`. */
  hasReason?(): boolean
  /** The answer is complete, or has failed: nothing after it counts. */
  isTerminal(item: Item): boolean
  /** The upstream says that it failed. */
  isError(item: Item): boolean
  /** Something for a person, or for the program that asked: once it was handed on, no other backend can be tried. */
  isVisible(item: Item): boolean
}
