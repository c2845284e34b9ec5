// Which outputs run. The documents' own words (`stdout`, `logging`) change nothing: where no word is left that means
// something here, everything runs.

export const SINKS = ['terminal', 'files', 'http'] as const
export type Sink = (typeof SINKS)[number]

export function wantsSink(words: readonly string[], sink: Sink): boolean {
  const known = SINKS.filter(name => words.includes(name))
  return known.length === 0 || known.includes(sink)
}
