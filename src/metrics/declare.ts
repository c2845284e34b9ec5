// Declares metrics. Declarations are plain data: handles, label types, the reference page and the scrape come from them.

/** A label without a fixed list of values; after the first `atMost` distinct ones it is `other`. */
export type OpenLabel = { readonly atMost: number }
export type LabelRule = readonly string[] | OpenLabel
export type LabelRules = Readonly<Record<string, LabelRule>>
export type NoLabels = Readonly<Record<never, LabelRule>>

/** The labels that a call must give: a fixed list allows only its members, an open one any text. */
export type LabelArgs<L extends LabelRules> = {
  readonly [K in keyof L]: L[K] extends readonly (infer Value extends string)[] ? Value : string
}

/**
 * A second name for the same value, shown next to it at every scrape and never counted twice. With `only`, the alias is one
 * series of the metric under its own name, without that label.
 */
export type Alias = { readonly name: string; readonly only?: Readonly<Record<string, string>> }

export type MetricType = 'counter' | 'gauge' | 'histogram'

export type Declaration<T extends MetricType = MetricType, L extends LabelRules = LabelRules> = {
  readonly type: T
  readonly help: string
  readonly labels: L
  /** Upper bounds of a histogram, in the metric's unit; empty otherwise. */
  readonly buckets: readonly number[]
  readonly aliases: readonly Alias[]
  /** A gauge without a sample until it is first set: 0 would be wrong. */
  readonly absentAtFirst: boolean
}

type Extras<L extends LabelRules> = {
  readonly labels?: L
  readonly aliases?: readonly Alias[]
  readonly absentAtFirst?: boolean
}
type Plain = Omit<Extras<NoLabels>, 'labels'>

const noLabels: NoLabels = {}

function declare<T extends MetricType, L extends LabelRules>(
  type: T,
  help: string,
  labels: L,
  { aliases = [], absentAtFirst = false }: Extras<LabelRules>,
  buckets: readonly number[] = [],
): Declaration<T, L> {
  return { type, help, labels, buckets, aliases, absentAtFirst }
}

export function counter(help: string, extras?: Plain): Declaration<'counter', NoLabels>
export function counter<const L extends LabelRules>(
  help: string,
  extras: Extras<L> & { readonly labels: L },
): Declaration<'counter', L>
export function counter(help: string, extras: Extras<LabelRules> = {}): Declaration<'counter'> {
  return declare('counter', help, extras.labels ?? noLabels, extras)
}

export function gauge(help: string, extras?: Plain): Declaration<'gauge', NoLabels>
export function gauge<const L extends LabelRules>(
  help: string,
  extras: Extras<L> & { readonly labels: L },
): Declaration<'gauge', L>
export function gauge(help: string, extras: Extras<LabelRules> = {}): Declaration<'gauge'> {
  return declare('gauge', help, extras.labels ?? noLabels, extras)
}

export function histogram(
  help: string,
  buckets: readonly number[],
  extras?: Plain,
): Declaration<'histogram', NoLabels>
export function histogram<const L extends LabelRules>(
  help: string,
  buckets: readonly number[],
  extras: Extras<L> & { readonly labels: L },
): Declaration<'histogram', L>
export function histogram(
  help: string,
  buckets: readonly number[],
  extras: Extras<LabelRules> = {},
): Declaration<'histogram'> {
  return declare('histogram', help, extras.labels ?? noLabels, extras, buckets)
}

/** Panel keys: a board has about a dozen; followed servers and modules may bring more. */
export const PANEL_KEYS: OpenLabel = { atMost: 100 }
/** Words of our own code (kinds of error, names of outputs) without a fixed list. */
export const SHORT_LIST: OpenLabel = { atMost: 40 }
