// The names of series in a PromQL expression: every word that is not a keyword, function, label or variable.

const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'offset',
  'bool',
  'inf',
  'nan',
])
const GROUPING = /\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/gi
/** Strings first, so that nothing inside one matches the rest: label matchers, ranges, variables. */
const NO_SERIES = [/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, /\{[^{}]*\}/g, /\[[^[\]]*\]/g, /\$\w+/g, GROUPING]
/** A word that does not continue a number (`5m`, `1e3`); a bracket after it makes it a function. */
const WORD = /(?<![\w:.])[A-Za-z_:][A-Za-z0-9_:]*(?=(\s*\()?)/g

/** Each once, in order of appearance, without the variables of a dashboard (`$__rate_interval`). */
export function seriesIn(expression: string): readonly string[] {
  const bare = NO_SERIES.reduce((text, pattern) => text.replaceAll(pattern, ' '), expression)
  const words = [...bare.matchAll(WORD)].flatMap(([word, bracket]) =>
    bracket !== undefined || KEYWORDS.has(word.toLowerCase()) ? [] : [word],
  )
  return [...new Set(words)]
}
