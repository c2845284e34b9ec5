// Checks values from upstream frames, and takes over their known members.
import { isWithinDepth, MAX_DEPTH } from '../../ingest/json.js'
import { parseJson } from '../../ingest/json-text.js'
import type { ChatSource } from '../../protocol/chat-events.js'
import type { JsonObject, TokenCounts } from '../events.js'

const MAX_SOURCES = 100
/** A shorter text cannot be nested deeper: each level takes two brackets. */
const SHALLOW_CHARS = 2 * MAX_DEPTH

/**
 * The object in a JSON text; null for anything else, and for one nested too deeply to be written again. Numbers that JSON
 * lacks become null: a score that Python wrote as NaN is dropped, and nothing else.
 */
export function parsedObject(text: string): JsonObject | null {
  const parsed = parseJson(text)
  const value = parsed.ok ? record(parsed.value) : null
  if (value === null || text.length <= SHALLOW_CHARS) return value
  return isWithinDepth(value) ? value : null
}

export function record(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** A reason that is safe for metrics and clients. */
export function word(value: unknown): string | null {
  return typeof value === 'string' && /^[a-z][a-z0-9_]{0,39}$/.test(value) ? value : null
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** Null: no valid counts. */
export function tokenCounts(value: unknown): TokenCounts | null {
  const usage = record(value)
  if (usage === null) return null
  const input = count(usage.inputTokens ?? usage.input_tokens ?? usage.prompt_tokens)
  const output = count(usage.outputTokens ?? usage.output_tokens ?? usage.completion_tokens)
  if (input === null && output === null) return null
  return {
    ...(input === null ? {} : { inputTokens: input }),
    ...(output === null ? {} : { outputTokens: output }),
  }
}

/** The known members of each; invalid sources are left out. */
export function sourcesOf(values: readonly unknown[]): readonly ChatSource[] {
  return values
    .slice(0, MAX_SOURCES)
    .map(sourceOf)
    .filter(source => source !== null)
}

function sourceOf(value: unknown): ChatSource | null {
  if (typeof value === 'string') return { source: value }
  const given = record(value)
  if (given === null) return null
  const { title, source, snippet, url, similarity, tier } = given
  return {
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof snippet === 'string' ? { snippet } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof similarity === 'number' ? { similarity } : {}),
    ...(typeof tier === 'string' || typeof tier === 'number' ? { tier } : {}),
  }
}
