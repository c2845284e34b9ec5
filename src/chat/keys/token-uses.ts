// The tokens that keys have used: what is stored of today, and what is not written yet. Pure; days are those of UTC.
import type { AnswerCounts } from '../answer-format.js'
import type { Spent, Used } from '../ports.js'
import type { DayUse } from './database.js'

const DAY_MS = 86_400_000
/** Bytes of a token, on average, for upstreams that do not count. */
const BYTES_PER_TOKEN = 4

/** Days since 1970 in UTC. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS)
}

/** `2026-11-30` */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

/**
 * What an answer cost: as the upstream counts, else estimated. The counts of an answer that broke off are those of its beginning, so
 * what came out is at least what was passed on.
 */
export function spentOf({ usage, inputEstimate, bytes }: AnswerCounts, isWhole: boolean): Spent {
  const { inputTokens, outputTokens } = usage ?? {}
  const isCounted = inputTokens !== undefined && outputTokens !== undefined && isWhole
  const out = outputTokens ?? estimatedTokens(bytes)
  return {
    in: inputTokens ?? inputEstimate,
    out: isWhole ? out : Math.max(out, estimatedTokens(bytes)),
    estimated: !isCounted,
  }
}

/** An upstream may say anything. */
function whole(tokens: number): number {
  return Number.isFinite(tokens) ? Math.max(0, Math.round(tokens)) : 0
}

export class TokenUses {
  #stored: { readonly day: number; readonly tokens: ReadonlyMap<string, number> } = {
    day: 0,
    tokens: new Map(),
  }
  /** At most one for each key and day. */
  readonly #pending = new Map<string, DayUse>()

  add(keyId: string, spent: Spent, nowMs: number): void {
    const day = dayOf(nowMs)
    const mark = `${day} ${keyId}`
    const before = this.#pending.get(mark) ?? { keyId, day, in: 0, out: 0, estimated: 0, answers: 0 }
    const tokens = { in: whole(spent.in), out: whole(spent.out) }
    this.#pending.set(mark, {
      keyId,
      day,
      in: before.in + tokens.in,
      out: before.out + tokens.out,
      estimated: before.estimated + (spent.estimated ? tokens.in + tokens.out : 0),
      answers: before.answers + 1,
    })
  }

  used(keyId: string, nowMs: number): Used {
    const day = dayOf(nowMs)
    const pending = this.#pending.get(`${day} ${keyId}`)
    const stored = this.#stored.day === day ? (this.#stored.tokens.get(keyId) ?? 0) : 0
    return {
      tokens: stored + (pending === undefined ? 0 : pending.in + pending.out),
      untilResetMs: (day + 1) * DAY_MS - nowMs,
    }
  }

  /** What is to be written. */
  get pending(): readonly DayUse[] {
    return [...this.#pending.values()]
  }

  /** It is written, or there is nobody left that it is of. */
  clear(): void {
    this.#pending.clear()
  }

  /** What the database has of this day. */
  load(day: number, uses: readonly DayUse[]): void {
    const ofDay = uses.filter(use => use.day === day)
    this.#stored = { day, tokens: new Map(ofDay.map(use => [use.keyId, use.in + use.out])) }
  }
}
