// Live references to names that are retired: where code or docs still speak of what no longer does anything.

import type { TextFile } from '../files/text-files.js'
import { historicalLines } from './historical-lines.js'

export type Reference = {
  readonly name: string
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** Where such names belong: the table that warns, its page, and what tells of the past. */
export const ALLOWED_PATHS: readonly string[] = [
  'src/config/retired.ts',
  'docs/DEPRECATIONS.md',
  'CHANGELOG.md',
]

const MAX_SHOWN_CHARS = 160
const LETTERS = 'A-Za-z0-9_'

/** What a name looks like; nothing else can be looked for. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whole names only: `G6_X` is not in `G6_X_MORE`. Throws for what is no name. */
export function referencesTo(names: readonly string[], files: readonly TextFile[]): readonly Reference[] {
  if (names.length === 0) return []
  const odd = names.find(name => !NAME.test(name))
  if (odd !== undefined) throw new Error(`${odd} is no name; allowed: letters, digits and _`)
  const pattern = new RegExp(`(?<![${LETTERS}])(?:${names.join('|')})(?![${LETTERS}])`, 'g')
  return files.filter(({ path }) => !ALLOWED_PATHS.includes(path)).flatMap(file => within(file, pattern))
}

function within({ path, text }: TextFile, pattern: RegExp): readonly Reference[] {
  if (text.search(pattern) === -1) return []
  const past = path.endsWith('.md') ? historicalLines(text) : []
  return text.split('\n').flatMap((line, i) =>
    past[i] === true
      ? []
      : [...line.matchAll(pattern)].map(([name]) => ({
          name,
          path,
          line: i + 1,
          text: line.trim().slice(0, MAX_SHOWN_CHARS),
        })),
  )
}

/** For people: where each stands, or that there is none. */
export function referencesText({
  names,
  files,
  findings,
}: {
  readonly names: readonly string[]
  readonly files: number
  readonly findings: readonly Reference[]
}): string {
  if (findings.length === 0) return `no live reference to any of ${names.length} names in ${files} files\n`
  return findings.map(({ path, line, name, text }) => `${path}:${line}: ${name}: ${text}\n`).join('')
}
