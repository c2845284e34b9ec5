// Which tone a value has by what it says: the words of the field, of the file, and the product's table.
import type { Tone } from '../panels/panel.js'
import { flagTone, knownTone, normalWord } from '../panels/state-words.js'
import type { ToneWords } from './file.js'

export type Words = ReadonlyMap<string, Tone>

const WORST_FIRST = ['error', 'warn', 'info', 'ok', 'muted'] as const satisfies readonly Tone[]
export const NO_WORDS: Words = new Map()

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

/** Members whose text is a state, by the last word of their names. */
const STATE_NAME =
  /(^|_)(status|state|phase|health|healthy|conclusion|active|sub|severity|level|result|indicator|impact|reachable|verdict|ready|ok|up|alive|condition)$/

export function isStateName(name: string): boolean {
  return STATE_NAME.test(normalWord(name))
}

/** `none` is good news only where a word says how bad something is. */
const SAYS_HOW_BAD = /(^|_)(severity|indicator|impact|level)$/

/** The tone of a word; null where it is not known. `name`: the member that carries it. */
export function wordTone(word: string, name: string, words: Words): Tone | null {
  const own = words.get(normalWord(word))
  if (own !== undefined) return own
  if (normalWord(word) === 'none' && !SAYS_HOW_BAD.test(normalWord(name))) return null
  return knownTone(word)
}

export function booleanTone(value: boolean, names: readonly string[], words: Words): Tone | null {
  const own = words.get(String(value))
  if (own !== undefined) return own
  for (const name of names) {
    const tone = flagTone(name, value)
    if (tone !== undefined) return tone
  }
  return null
}

/** Whether a boolean with this name can be good or bad. */
export function isFlagName(name: string): boolean {
  return flagTone(name, true) !== undefined
}
