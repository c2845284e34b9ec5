// Live references to retired names: where code or docs still use them.

import type { TextFile } from '../files/text-files.js'
import { liveMatches } from './historical-lines.js'

export type Reference = {
  readonly name: string
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** Where retired names belong: the table that warns, its page, and the changelog. */
export const ALLOWED_PATHS: readonly string[] = [
  'src/config/retired.ts',
  'docs/DEPRECATIONS.md',
  'CHANGELOG.md',
]

const MAX_SHOWN_CHARS = 160
const LETTERS = 'A-Za-z0-9_'

/** Only such names can be searched. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whole names only: `G6_X` is not in `G6_X_MORE`. Throws when one is not a name. */
export function referencesTo(names: readonly string[], files: readonly TextFile[]): readonly Reference[] {
  if (names.length === 0) return []
  const odd = names.find(name => !NAME.test(name))
  if (odd !== undefined) throw new Error(`${odd} is not a name; allowed: letters, digits and _`)
  const pattern = new RegExp(`(?<![${LETTERS}])(?:${names.join('|')})(?![${LETTERS}])`, 'g')
  return files
    .filter(({ path }) => !ALLOWED_PATHS.includes(path))
    .flatMap(file =>
      liveMatches(file, pattern).map(({ line, text, match: [name] }) => ({
        name,
        path: file.path,
        line,
        text: text.trim().slice(0, MAX_SHOWN_CHARS),
      })),
    )
}

/** For people: a line per reference, or that there is none. */
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
