// How a state word went in the last 15 minutes, as spells: a word, its tone, and since when. Pure.
import { WINDOW_SEC } from '../../src/display/series.js'
import type { Tone } from '../state/panels.js'

export type Spell = {
  /** Null: nothing was known. */
  readonly word: string | null
  readonly tone: Tone
  readonly fromSec: number
}

/** More changes than a strip shows: the oldest are dropped. */
const MAX_SPELLS = 200
/** When the clock is set back by more, everything known is dropped. */
const MAX_BACK_SEC = 5

/** The spells with the word of this second; of several words in one second the last one stays. */
export function withWord(
  spells: readonly Spell[],
  word: string | null,
  tone: Tone,
  nowSec: number,
): readonly Spell[] {
  const last = spells.at(-1)
  if (last !== undefined && last.fromSec - nowSec > MAX_BACK_SEC) return withWord([], word, tone, nowSec)
  if (last === undefined) return word === null ? spells : [{ word, tone, fromSec: nowSec }]
  if (last.word === word && last.tone === tone) return spells
  const before = last.fromSec >= nowSec ? spells.slice(0, -1) : spells
  const previous = before.at(-1)
  if (previous?.word === word && previous.tone === tone) return before
  const firstSec = nowSec - WINDOW_SEC
  const kept = before.filter((_, i) => (before[i + 1]?.fromSec ?? nowSec) > firstSec)
  return [...kept, { word, tone, fromSec: nowSec }].slice(-MAX_SPELLS)
}

export type Stretch = Spell & { readonly sec: number }

/** The spells of the last `spanSec` seconds, each with its length there. */
export function stretches(spells: readonly Spell[], spanSec: number, nowSec: number): readonly Stretch[] {
  const firstSec = nowSec - spanSec
  return spells.flatMap((spell, i) => {
    const fromSec = Math.max(firstSec, spell.fromSec)
    const sec = Math.min(nowSec, spells[i + 1]?.fromSec ?? nowSec) - fromSec
    return sec > 0 ? [{ ...spell, fromSec, sec }] : []
  })
}
