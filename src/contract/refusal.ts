// A request that was turned away, and by which guard. The server writes one line of the log for each.
import { HttpError } from './errors.js'

/**
 * Why a request was refused; the label of `g6_sse_http_rejected_connections_total{reason}`. `connection`: the connection was
 * closed for what it is or has pending, not for a request.
 */
export type RejectReason = 'auth' | 'ip' | 'ua' | 'rate' | 'cap' | 'host' | 'shed' | 'draining' | 'connection'
/** Guards of the chat relay alone, whose refusals that metric does not count. */
export type ChatGuard =
  | 'chat_flag'
  | 'chat_origin'
  | 'chat_auth'
  | 'chat_rate'
  | 'chat_cap'
  | 'chat_audit'
  | 'chat_backend'
export type Guard = RejectReason | ChatGuard

export class Refusal<G extends Guard = Guard> extends HttpError {
  constructor(
    readonly guard: G,
    ...rest: ConstructorParameters<typeof HttpError>
  ) {
    super(...rest)
  }
}
