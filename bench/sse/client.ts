// One measuring client of the summary stream: counts events by type, and takes the time from a board to its arrival.
import http from 'node:http'

export type ClientResult = {
  helloMs: number | null
  snapshotMs: number | null
  events: number
  readonly byType: Map<string, number>
  /** From `ts` of the board to its arrival here, ms; of updates alone, which are sent as soon as they are made. */
  readonly dispatchMs: number[]
  readonly sizes: number[]
  parseErrors: number
  error: string | null
}

const wallMs = () => performance.timeOrigin + performance.now()

function take(result: ClientResult, block: string, sinceStartMs: number): void {
  const type = /^event: (.*)$/m.exec(block)?.[1]
  const data = /^data: (.*)$/m.exec(block)?.[1]
  if (type === undefined || data === undefined) return
  result.events++
  result.byType.set(type, (result.byType.get(type) ?? 0) + 1)
  result.sizes.push(Buffer.byteLength(block) + 2)
  let parsed: { ts?: number }
  try {
    parsed = JSON.parse(data)
  } catch {
    result.parseErrors++
    return
  }
  if (type === 'hello') result.helloMs ??= sinceStartMs
  if (type === 'full_snapshot') result.snapshotMs ??= sinceStartMs
  if (type.startsWith('panel_update') && parsed.ts !== undefined) result.dispatchMs.push(wallMs() - parsed.ts)
}

/** Reads until the signal; never rejects: an error is in the result. */
export function measureClient(
  url: string,
  token: string | null,
  signal: AbortSignal,
  onSnapshot: () => void,
): Promise<ClientResult> {
  const result: ClientResult = {
    helloMs: null,
    snapshotMs: null,
    events: 0,
    byType: new Map(),
    dispatchMs: [],
    sizes: [],
    parseErrors: 0,
    error: null,
  }
  const startMs = performance.now()
  return new Promise(resolve => {
    const headers = { Accept: 'text/event-stream', ...(token === null ? {} : { 'X-API-Token': token }) }
    const request = http.get(url, { headers, signal, agent: false }, response => {
      if (response.statusCode !== 200) {
        result.error = `HTTP ${response.statusCode}`
        response.resume()
      }
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop() ?? ''
        const had = result.snapshotMs !== null
        for (const block of blocks) take(result, block, performance.now() - startMs)
        if (!had && result.snapshotMs !== null) onSnapshot()
      })
      response.on('error', () => resolve(result))
      response.on('close', () => resolve(result))
    })
    request.on('error', error => {
      if (!signal.aborted) result.error = error.message
      resolve(result)
    })
  })
}
