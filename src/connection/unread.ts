// Whether a reader is dead although its bytes have left our memory. Buffers of the system take the bytes of an idle stream for
// many minutes after the link went down or the program at the other end stopped reading. A reader is dead when such bytes wait
// and it has taken none for the stall time.

export type Unread = {
  /** Bytes that the peer has taken so far. */
  readonly taken: number
  /** It has taken none since. */
  readonly sinceMs: number
}

/**
 * `sent`: bytes handed to the system so far; `waiting` of them lie in its queues. When bytes are seen to wait for the first time,
 * the last write may have been before, but no earlier than the look before this one.
 */
export function seeUnread(
  before: Unread | undefined,
  {
    sent,
    waiting,
    lastWriteMs,
  }: { readonly sent: number; readonly waiting: number; readonly lastWriteMs: number },
  nowMs: number,
): Unread {
  const taken = sent - waiting
  if (before === undefined) return { taken, sinceMs: lastWriteMs }
  return taken > before.taken ? { taken, sinceMs: nowMs } : before
}

/** Two looks must agree, so that a late one alone decides nothing. */
export function isDead(before: Unread | undefined, now: Unread, limitMs: number, nowMs: number): boolean {
  return before === now && nowMs - now.sinceMs >= limitMs
}
