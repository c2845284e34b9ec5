// A request that was turned away, and by which guard. The server writes one line of the log for each.
import { HttpError } from './errors.js'
import type { Guard } from './refusal-log.js'

export class Refusal<G extends Guard = Guard> extends HttpError {
  constructor(
    readonly guard: G,
    ...rest: ConstructorParameters<typeof HttpError>
  ) {
    super(...rest)
  }
}
