// Guard 1: every request has an id, in its answer and in every log line about it.
import { randomId } from './random-id.js'

/** The form of a client's id; any other is replaced. */
const ACCEPTED = /^[A-Za-z0-9._-]{1,120}$/

/** The client's id when it is 1–120 of `A-Za-z0-9._-`, else a new one. */
export function requestIdOf(
  header: string | readonly string[] | undefined,
  fresh: () => string = freshRequestId,
): string {
  return typeof header === 'string' && ACCEPTED.test(header) ? header : fresh()
}

/** 96 random bits. */
function freshRequestId(): string {
  return randomId(12, 'hex')
}
