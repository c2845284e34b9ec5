// The conversation as it is kept over a reload: text of this tab's session storage. Reasoning is not in it. What another
// version has written is read, or dropped whole.
import { type Cut, ENDS, type End, type Source, type Turn, type Usage } from './turn.js'

const VERSION = 2
export const MAX_KEPT = 20
export const MAX_KEPT_LENGTH = 2 ** 20

/** The newest questions that fit. */
export function keptText(turns: readonly Turn[]): { readonly text: string; readonly kept: number } {
  const newest = turns.slice(-MAX_KEPT)
  const sizes = newest.map(turn => JSON.stringify(turn).length + 1)
  let total =
    JSON.stringify({ version: VERSION, turns: [] }).length + sizes.reduce((sum, size) => sum + size, 0)
  let from = 0
  while (total > MAX_KEPT_LENGTH) total -= sizes[from++] ?? total
  const turnsKept = newest.slice(from)
  return { text: JSON.stringify({ version: VERSION, turns: turnsKept }), kept: turnsKept.length }
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const orNull = (value: unknown, is: (value: unknown) => boolean): boolean => value === null || is(value)
const listOf = (value: unknown, is: (value: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is)

const isEnd = (value: unknown): value is End =>
  isObject(value) && ENDS.some(kind => kind === value.kind) && isText(value.detail)
const isSource = (value: unknown): value is Source =>
  isObject(value) && isText(value.title) && orNull(value.url, isText)
const isUsage = (value: unknown): value is Usage =>
  isObject(value) &&
  orNull(value.read, isNumber) &&
  orNull(value.written, isNumber) &&
  typeof value.isEstimated === 'boolean'
const isCut = (value: unknown): value is Cut =>
  isObject(value) && isNumber(value.at) && isNumber(value.lostMs)

function isTurn(value: unknown): value is Turn {
  return (
    isObject(value) &&
    isNumber(value.id) &&
    [value.question, value.answer].every(isText) &&
    orNull(value.end, isEnd) &&
    [value.streamId, value.model].every(each => orNull(each, isText)) &&
    listOf(value.sources, isSource) &&
    orNull(value.usage, isUsage) &&
    orNull(value.askedMs ?? null, isNumber) &&
    orNull(value.durationMs, isNumber) &&
    listOf(value.cuts, isCut)
  )
}

/** Empty when there is nothing, or nothing that can be read. Version 1 did not keep how an answer had ended: it is dropped. */
export function turnsIn(text: string | null): readonly Turn[] {
  if (text === null || text.length > MAX_KEPT_LENGTH) return []
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || value.version !== VERSION || !Array.isArray(value.turns)) return []
    const turns: readonly unknown[] = value.turns
    const isWhole = turns.length <= MAX_KEPT && turns.every(isTurn)
    return isWhole && new Set(turns.map(({ id }) => id)).size === turns.length ? turns : []
  } catch {
    return [] // not ours
  }
}
