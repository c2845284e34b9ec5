// What the server remembers, asked for when the page opens and when the connection is back: the lines begin before the page did, and
// what it missed is filled in. A server without history answers with an error, and nothing is filled.
import { type Filled, fillFrom } from '../../src/display/past.js'
import { type Series, WINDOW_SEC } from '../../src/display/series.js'
import { token } from '../state/access.js'
import { addressOf } from '../state/base.js'
import { documentIn } from '../state/document.js'

const TIMEOUT_MS = 10_000

/** Null where the server has no history, or does not answer. */
export async function askPast(series: Pick<Series, 'fill'>): Promise<Filled | null> {
  const key = token.peek()
  try {
    const response = await fetch(addressOf(`summary/history?series=*&from=-${WINDOW_SEC - 1}`), {
      headers: key === null ? {} : { 'X-API-Token': key },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok ? fillFrom(await documentIn(response), series, Date.now()) : null
  } catch {
    return null // not reachable: the connection's state shows this
  }
}
