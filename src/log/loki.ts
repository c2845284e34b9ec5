// Log lines to Grafana Loki, in addition to standard error: collected and pushed in batches, one at a time, in the background. While
// Loki is unavailable lines wait, up to a limit; above it the oldest are dropped and counted. `onState` reports failures. A batch that
// Loki will never accept (too old, too long) is dropped, or it would block all others.
import { Writable } from 'node:stream'

export type LokiOptions = {
  /** The server, or the whole address of its push API. */
  readonly url: string
  /** With `key` as password; without a user the key is a Bearer token. */
  readonly user: string | null
  readonly key: string | null
  /** Called when pushing begins to fail or lines are dropped (`why`), and when it works again (null). `dropped`: so far. */
  readonly onState: (why: string | null, dropped: number) => void
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  readonly nowMs?: () => number
  /** How long lines are collected before a push; default 1000. */
  readonly gatherMs?: number
}

export type LokiStream = {
  readonly stream: Writable
  /** Pushes the waiting lines once, for at most a second, and ends. Idempotent. */
  close(): Promise<void>
}

const PUSH_PATH = '/loki/api/v1/push'
const GATHER_MS = 1_000
const MAX_WAITING = 10_000
const MAX_BATCH = 1_000
const TIMEOUT_MS = 10_000
const LAST_RETRY_MS = 60_000
/** How long `close` may take: a program that stops has little time. */
const LAST_PUSH_MS = 1_000
/** Answers to a batch that would be refused at every retry. */
const REFUSED_FOR_GOOD: ReadonlySet<number> = new Set([400, 413, 422])

/** `instance`: of an audit record, which server of a fleet wrote it; null: any other line. */
type Line = { readonly atNs: string; readonly text: string; readonly instance: string | null }

/** What audit records of a fleet have, so that those of several servers are queried together. */
const AUDIT_APP = 'g6-audit'

/** Reads a line as JSON only where it names the app; in the text of a message its quotes would be escaped. */
function auditInstanceOf(text: string): string | null {
  if (!text.includes(`"app":"${AUDIT_APP}"`)) return null
  try {
    const { app, instance } = JSON.parse(text) as Readonly<Record<string, unknown>>
    return app === AUDIT_APP && typeof instance === 'string' ? instance : null
  } catch {
    return null // not JSON, so no line of the audit
  }
}

/** A stream of Loki for each set of labels, in the order of the lines. */
function streamsOf(lines: readonly Line[]) {
  const byInstance = new Map<string | null, [string, string][]>()
  for (const { atNs, text, instance } of lines) {
    const values = byInstance.get(instance)
    if (values === undefined) byInstance.set(instance, [[atNs, text]])
    else values.push([atNs, text])
  }
  return [...byInstance].map(([instance, values]) => {
    return {
      stream: { job: 'g6-stream', ...(instance === null ? {} : { app: AUDIT_APP, instance }) },
      values,
    }
  })
}

function pushAddress(url: string): string {
  const address = new URL(url)
  if (address.pathname === '/') address.pathname = PUSH_PATH
  address.username = ''
  address.password = ''
  return address.href
}

/** Text with an invalid escape sequence stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** User and password may be in the address too; they are removed from it, since messages contain the address. */
function credentialsOf({ url, user, key }: LokiOptions): Pick<LokiOptions, 'user' | 'key'> {
  const { username, password } = new URL(url)
  if (key !== null || username === '') return { user, key }
  return { user: decoded(username), key: decoded(password) }
}

function authorization(options: LokiOptions): Readonly<Record<string, string>> {
  const { user, key } = credentialsOf(options)
  if (key === null) return {}
  const value = user === null ? `Bearer ${key}` : `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`
  return { Authorization: value }
}

export function createLokiStream(options: LokiOptions): LokiStream {
  const { onState, nowMs = Date.now, gatherMs = GATHER_MS } = options
  const request = options.fetch ?? fetch
  const address = pushAddress(options.url)
  const headers = { 'Content-Type': 'application/json', ...authorization(options) }
  let waiting: Line[] = []
  let written = 0
  let dropped = 0
  let failures = 0
  let timer: NodeJS.Timeout | null = null
  let pushing: Promise<void> | null = null
  let closing: Promise<void> | null = null
  const life = new AbortController()

  function pushIn(ms: number): void {
    if (timer !== null || pushing !== null || closing !== null) return
    timer = setTimeout(() => {
      timer = null
      void push()
    }, ms)
    timer.unref()
  }

  /** Pushes a batch; never rejects. */
  function push(): Promise<void> {
    pushing ??= pushBatch().finally(() => {
      pushing = null
      if (waiting.length > 0)
        pushIn(failures === 0 ? gatherMs : Math.min(LAST_RETRY_MS, gatherMs * 2 ** failures))
    })
    return pushing
  }

  async function pushBatch(): Promise<void> {
    const batch = waiting.slice(0, MAX_BATCH)
    if (batch.length === 0) return
    try {
      const response = await request(address, {
        method: 'POST',
        headers,
        body: JSON.stringify({ streams: streamsOf(batch) }),
        signal: AbortSignal.any([life.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await response.body?.cancel()
      const isRefused = REFUSED_FOR_GOOD.has(response.status)
      if (!response.ok && !isRefused) throw new Error(`HTTP ${response.status}`)
      const done = new Set(batch)
      waiting = waiting.filter(line => !done.has(line))
      if (isRefused) {
        dropped += batch.length
        onState(`HTTP ${response.status}: ${batch.length} lines are dropped`, dropped)
      } else if (failures > 0) onState(null, dropped)
      failures = 0
    } catch (error) {
      failures += 1
      if (failures === 1) onState(error instanceof Error ? error.message : String(error), dropped)
    }
  }

  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      // Loki orders lines only by time; the digits below the millisecond keep the order of two lines in one millisecond.
      written = (written + 1) % 1_000_000
      const atNs = `${Math.round(nowMs())}${String(written).padStart(6, '0')}`
      const text = String(chunk).trimEnd()
      waiting.push({ atNs, text, instance: auditInstanceOf(text) })
      if (waiting.length > MAX_WAITING) {
        waiting.shift()
        dropped += 1
      }
      pushIn(gatherMs)
      done()
    },
  })

  async function end(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    const giveUp = setTimeout(() => life.abort(), LAST_PUSH_MS)
    await pushing
    const before = waiting.length
    do await push()
    while (waiting.length > 0 && failures === 0 && waiting.length < before)
    clearTimeout(giveUp)
  }

  return {
    stream,
    close: () => {
      closing ??= end()
      return closing
    },
  }
}
