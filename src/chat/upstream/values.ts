// Checks values from upstream frames, and takes over their known members.
import { isWithinDepth, MAX_DEPTH } from '../../ingest/json.js'
import { parseJson } from '../../ingest/json-text.js'
import type { ChatSource } from '../../protocol/chat-events.js'
import type { JsonObject, TokenCounts } from '../events.js'

const MAX_SOURCES = 100
/** A shorter text cannot be nested deeper: each level takes two brackets. */
const SHALLOW_CHARS = 2 * MAX_DEPTH

/**
 * The value of a JSON text; undefined: it is none, or nested too deeply to be written again. Numbers that JSON lacks become
 * null: a score that Python wrote as NaN is dropped, and nothing else.
 */
export function parsedJson(text: string): unknown {
  const parsed = parseJson(text)
  if (!parsed.ok) return undefined
  return text.length <= SHALLOW_CHARS || isWithinDepth(parsed.value) ? parsed.value : undefined
}

/** The object in a JSON text; null for anything else. */
export function parsedObject(text: string): JsonObject | null {
  return record(parsedJson(text))
}

export function record(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** The names of the counts in the APIs, in the order of preference. */
const INPUT = [
  'inputTokens',
  'input_tokens',
  'prompt_tokens',
  'promptTokenCount',
  'promptTokens',
  'prompt_eval_count',
]
const OUTPUT = ['outputTokens', 'output_tokens', 'completion_tokens', 'completionTokens', 'eval_count']

function firstCount(usage: JsonObject, names: readonly string[]): number | null {
  return names.map(name => count(usage[name])).find(each => each !== null) ?? null
}

/** Null: no valid counts. */
export function tokenCounts(value: unknown): TokenCounts | null {
  const usage = record(value)
  if (usage === null) return null
  const input = firstCount(usage, INPUT)
  const output = firstCount(usage, OUTPUT) ?? geminiOutput(usage)
  if (input === null && output === null) return null
  return {
    ...(input === null ? {} : { inputTokens: input }),
    ...(output === null ? {} : { outputTokens: output }),
  }
}

/** Gemini counts what the model thinks apart. */
function geminiOutput(usage: JsonObject): number | null {
  const candidates = count(usage.candidatesTokenCount)
  return candidates === null ? null : candidates + (count(usage.thoughtsTokenCount) ?? 0)
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
