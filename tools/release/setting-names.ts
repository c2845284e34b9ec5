// Compares the settings of the program with those that the docs name.
import { liveMatches } from '../../src/config/historical-lines.js'
import type { TextFile } from '../../src/files/text-files.js'

/** `G6_CHAT_*` and `G6_PANEL_W_<NAME>` stand for all names with that beginning. */
const WORD = /(?<![A-Za-z0-9_])G6_[A-Z0-9][A-Z0-9_]*(\*|<NAME>)?/g
const FAMILY = /(\*|<NAME>)$/

/** Names and aliases of settings without a row on the reference page. */
export function undocumentedSettings(names: readonly string[], page: string): readonly string[] {
  return names.filter(name => !page.includes(`\`${name}\``)).map(name => `${name} has no row`)
}

/** Every `G6_…` word of these texts that is not a setting. */
export function straySettings(
  files: readonly TextFile[],
  isKnown: (name: string) => boolean,
  names: readonly string[],
): readonly string[] {
  const found = (word: string): boolean => {
    if (!FAMILY.test(word)) return isKnown(word)
    const beginning = word.replace(FAMILY, '')
    return names.some(name => name.startsWith(beginning))
  }
  return files.flatMap(file =>
    liveMatches(file, WORD)
      .filter(({ match: [word] }) => !found(word))
      .map(({ line, match: [word] }) => `${file.path}:${line} names ${word}, which is not a setting`),
  )
}
