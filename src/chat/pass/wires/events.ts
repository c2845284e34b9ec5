// Any event stream: what its events mean is not known, so each is a word, and the answer ends with its body.
import { type Wire, WORD } from './wire.js'

export function events(): Wire {
  return { look: () => WORD, endsWithBody: () => true }
}
