// What the server says on a stream, as types.

export type ChatSource = {
  readonly title?: string
  readonly source?: string
  readonly snippet?: string
  readonly similarity?: number
  readonly tier?: string | number
  readonly url?: string
}

export type Connected = {
  readonly status: 'connected'
  readonly connectionId: string
  readonly streamId: string
  readonly identified: boolean
  readonly resumed: boolean
}

export type AnswerMetrics = {
  /** Milliseconds; null without a token. */
  readonly firstTokenLatency: number | null
  readonly tokensReceived: number
  readonly bytesReceived: number
  readonly duration: number
  readonly interTokenMean: number | null
}

export type Usage = {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly estimated: boolean
}

type Data = {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly token: string
  readonly sources: readonly ChatSource[]
  readonly usage: Usage
  readonly done: { readonly reason: string; readonly metrics: AnswerMetrics }
  readonly error: {
    readonly code: string
    readonly message: string
    readonly retryable: boolean
    readonly connectionId: string
  }
  readonly aborted: { readonly reason: string }
}

/** One event of a stream; each comes once, in the order of `sequence`. */
export type ChatEvent = {
  readonly [T in keyof Data]: {
    readonly type: T
    readonly data: Data[T]
    /** From 0, without gaps; -1 where the server gave none: a connection that was resumed. */
    readonly sequence: number
    /** Epoch milliseconds. */
    readonly timestamp: number
  }
}[keyof Data]

const TYPES: ReadonlySet<string> = new Set([
  'metadata',
  'token',
  'sources',
  'usage',
  'done',
  'error',
  'aborted',
])

/** In either spelling: the original's was `input_tokens`, `output_tokens`. */
export function usageIn(data: unknown): Usage {
  const given = (data ?? {}) as Readonly<Record<string, unknown>>
  const inputTokens = given.inputTokens ?? given.input_tokens
  const outputTokens = given.outputTokens ?? given.output_tokens
  return {
    ...(typeof inputTokens === 'number' ? { inputTokens } : {}),
    ...(typeof outputTokens === 'number' ? { outputTokens } : {}),
    estimated: given.estimated === true,
  }
}

/** Null: nothing of ours, or of a later version. */
export function parseEvent(text: string): ChatEvent | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const event = (value ?? {}) as { readonly type?: unknown; readonly data?: unknown }
  if (typeof event.type !== 'string' || !TYPES.has(event.type)) return null
  const usage = event.type === 'usage' ? { data: usageIn(event.data) } : {}
  // The border: an event of a known type is what the server's contract says it is.
  return { sequence: -1, ...(event as object), ...usage } as ChatEvent
}

export function isConnected(data: Readonly<Record<string, unknown>>): data is Connected {
  return data.status === 'connected'
}
