// Any event stream: what its events mean is not known, so each is a word, and the answer ends with its body.
import { DONE, NOTHING, type Wire } from './wire.js'

export function events(): Wire {
  return { look: ({ length }) => ({ ...NOTHING, wordBytes: length }), hasReason: false, end: DONE }
}
