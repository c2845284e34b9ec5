// A fault of a followed stream as the kind of a reading that failed: what a person has to look at.
import type { StreamError } from '../../client/event-stream.js'
import type { ReadingError } from '../snapshot/reading.js'

export function readingErrorOf({ code, status }: Pick<StreamError, 'code' | 'status'>): ReadingError {
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 404) return 'missing'
  return code === 'timeout' ? 'timeout' : 'io'
}
