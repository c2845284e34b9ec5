// Facts: what programs compute with, as data. Surfaces read market state, numbers and alerts here and never look for a printed
// label. A fact's id is its path, beginning with its panel's key: `indices.NIFTY.ltp`. Ids are stable; `src/protocol/facts.ts`
// lists them with their units. What the status does not say has no fact: never 0, never null.
//
// A panel's facts are those of its visible content: they change with its lines and travel with its blocks.

export type Fact = number | string | boolean | Facts | readonly Facts[]
export type Facts = { readonly [name: string]: Fact }

const ENCODED: Readonly<Record<string, string>> = { '.': '%2E', '/': '%2F', ',': '%2C', '%': '%25' }

/** One name of a path. Most have nothing to encode. */
export function encoded(name: string): string {
  return /[./,%]/.test(name) ? name.replace(/[./,%]/g, sign => ENCODED[sign] ?? sign) : name
}

/** The id of a fact, or the rest of one: the names of its path, percent-encoded. */
export function factId(...path: readonly string[]): string {
  return path.map(encoded).join('.')
}

/** These facts without those that are missing. */
export function known(values: Readonly<Record<string, Fact | null>>): Facts {
  const facts: Record<string, Fact> = {}
  for (const [name, value] of Object.entries(values)) if (value !== null) facts[name] = value
  return facts
}

/** The value at a path of facts from any server; undefined where there is none. */
export function factAt(facts: unknown, ...path: readonly string[]): unknown {
  let at = facts
  for (const name of path)
    at =
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? (at as Readonly<Record<string, unknown>>)[name]
        : undefined
  return at
}

export function numberAt(facts: unknown, ...path: readonly string[]): number | null {
  const value = factAt(facts, ...path)
  return typeof value === 'number' ? value : null
}

export function textAt(facts: unknown, ...path: readonly string[]): string | null {
  const value = factAt(facts, ...path)
  return typeof value === 'string' ? value : null
}

/** Marks what the status does not say itself. */
export const COMPUTED = ' (computed)'

/** The state of the market as a person reads it, of the facts of `header`: `closed (computed)`; null where it is not known. */
export function marketText(header: unknown): string | null {
  const state = textAt(header, 'market')
  return state !== null && factAt(header, 'market_computed') === true ? `${state}${COMPUTED}` : state
}
