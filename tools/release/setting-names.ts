// Settings the program has and settings the docs speak of, held against each other.
import { historicalLines } from '../../src/config/historical-lines.js'
import type { TextFile } from '../../src/files/text-files.js'

/** `G6_` alone is the beginning of all of them; `G6_CHAT_*` and `G6_PANEL_W_<NAME>` stand for all that begin so. */
const WORD = /(?<![A-Za-z0-9_])G6_[A-Z0-9][A-Z0-9_]*(\*|<NAME>)?/g
const FAMILY = /(\*|<NAME>)$/

/** Settings, by their names and other names, that have no row on the reference page. */
export function undocumentedSettings(names: readonly string[], page: string): readonly string[] {
  return names.filter(name => !page.includes(`\`${name}\``)).map(name => `${name} has no row`)
}

/** Every `G6_…` word of these texts that is no setting. */
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
  return files.flatMap(({ path, text }) => {
    const past = historicalLines(text)
    return text
      .split('\n')
      .flatMap((line, i) =>
        past[i] === true
          ? []
          : [...line.matchAll(WORD)]
              .filter(([word]) => word !== 'G6_' && !found(word))
              .map(([word]) => `${path}:${i + 1} names ${word}, which is no setting`),
      )
  })
}
