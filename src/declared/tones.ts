// Which tone a value has by what it says: the words of the field, of the file, and the product's table.
import { ALONE, flagTone, type Surroundings, statusTone, wordTone } from '../automatic/judge.js'
import { stateName } from '../automatic/names.js'
import type { Tone } from '../panels/panel.js'
import { normalWord } from '../panels/state-words.js'
import type { ToneWords } from './file.js'

export type Words = ReadonlyMap<string, Tone>

const WORST_FIRST = ['error', 'warn', 'info', 'ok', 'muted'] as const satisfies readonly Tone[]

/** A word under two tones has the worse one. */
export function wordsOf(given: ToneWords | undefined): Words {
  const words = new Map<string, Tone>()
  for (const tone of WORST_FIRST)
    for (const word of given?.[tone] ?? []) {
      const known = normalWord(word)
      if (!words.has(known)) words.set(known, tone)
    }
  return words
}

export const isStateName = (name: string): boolean => stateName(name) !== null

const NO_MORE_WORDS = new Map<string, never>()

/** The tone of a word; null where it is not known. `names`: of the member that carries it. */
export function toneOfWord(
  word: string,
  names: readonly string[],
  words: Words,
  around: Surroundings = ALONE,
): Tone | null {
  const own = words.get(normalWord(word))
  if (own !== undefined) return own
  const base = names.map(stateName).find(found => found !== null) ?? 'state'
  return wordTone({ base, word }, around, NO_MORE_WORDS).tone ?? null
}

export function toneOfBoolean(value: boolean, names: readonly string[], words: Words): Tone | null {
  const own = words.get(String(value))
  if (own !== undefined) return own
  for (const name of names) {
    const tone = statusTone(name, value) ?? flagTone(name, value, ALONE)
    if (tone !== undefined) return tone
  }
  return null
}

/** Whether a boolean with this name can be bad. */
export function isFlagName(name: string): boolean {
  return [true, false].some(value => (statusTone(name, value) ?? flagTone(name, value, ALONE)) === 'error')
}
