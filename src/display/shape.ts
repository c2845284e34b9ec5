// The shape of a tone, so that colour is never the only sign, and the order in which tones are shown.
import type { Tone } from '../panels/panel.js'

export const SHAPES: Readonly<Record<Tone, string>> = {
  ok: '●',
  info: '◆',
  warn: '▲',
  error: '■',
  muted: '○',
}

export const ASCII_SHAPES: Readonly<Record<Tone, string>> = {
  ok: '*',
  info: 'i',
  warn: '!',
  error: 'x',
  muted: '?',
}

const WORST_FIRST: readonly Tone[] = ['error', 'warn', 'info', 'ok', 'muted']

/** The mark of a row or cell: one that is well or says nothing has none. */
export function markOf(tone: Tone | undefined): string {
  return tone === undefined || tone === 'ok' || tone === 'muted' ? '' : SHAPES[tone]
}

/** 0 is the worst; nothing counts like `ok`. */
export function toneRank(tone: Tone | undefined): number {
  return WORST_FIRST.indexOf(tone ?? 'ok')
}

/** Whether a person should look at it. */
export function isNotWell(tone: Tone | undefined): boolean {
  return tone === 'error' || tone === 'warn'
}

const TONES_OF_WORDS: ReadonlyMap<string, Tone> = new Map([
  ['healthy', 'ok'],
  ['attention', 'warn'],
  ['failing', 'error'],
])

/** The tone of the word of a verdict; a word that is not known says nothing. */
export function toneOfVerdict(word: string): Tone {
  return TONES_OF_WORDS.get(word.toLowerCase()) ?? 'muted'
}

/**
 * Errors first, then warnings, then the others, each in their own order; the others are not sorted, because a board
 * that moves for every note is not readable.
 */
export function notWellFirst<T>(items: readonly T[], toneOf: (item: T) => Tone | undefined): readonly T[] {
  const errors = items.filter(item => toneOf(item) === 'error')
  const warnings = items.filter(item => toneOf(item) === 'warn')
  if (errors.length + warnings.length === 0) return items
  return [...errors, ...warnings, ...items.filter(item => !isNotWell(toneOf(item)))]
}
