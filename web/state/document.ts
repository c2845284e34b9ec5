import { bodyText } from '../../client/body.js'

const MAX_BYTES = 2 ** 22
const TIMEOUT_MS = 10_000

/** The JSON document in an answer of the server: at most 4 MiB unpacked, and 10 s. */
export async function documentIn(answer: Response): Promise<unknown> {
  return JSON.parse(await bodyText(answer, MAX_BYTES, AbortSignal.timeout(TIMEOUT_MS)))
}
