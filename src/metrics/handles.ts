// Handles: how the program sets a metric. The declaration decides which label names and values a call may give.
//
// Cost: what is counted and observed waits in a list, and prom-client gets it at a scrape. Between two events its code leaves the
// CPU caches: hashing labels and searching buckets at once cost a board's event a sixth of its processor time.
import type { Registry } from 'prom-client'
import type { Declaration, LabelArgs, LabelRules } from './declare.js'
import { promClient } from './prom-client.js'

/** Replaces values outside a fixed list, and values above the limit of an open label. */
export const OTHER = 'other'

type LabelValues = Readonly<Record<string, string>>

/** Returns the labels to record; the same object when all values are allowed. */
type Fold = (labels: LabelValues) => LabelValues

function admit(rule: LabelRules[string]): (value: string) => boolean {
  if (!('atMost' in rule)) {
    const allowed = new Set(rule)
    return value => allowed.has(value)
  }
  const seen = new Set<string>()
  return value => {
    if (seen.has(value)) return true
    if (seen.size >= rule.atMost) return false
    seen.add(value)
    return true
  }
}

function createFold(rules: LabelRules): Fold {
  const admits = Object.entries(rules).map(([name, rule]) => ({ name, admitted: admit(rule) }))
  return labels => {
    let folded: Record<string, string> | null = null
    for (const { name, admitted } of admits) {
      if (admitted(labels[name] ?? '')) continue
      folded ??= { ...labels }
      folded[name] = OTHER
    }
    return folded ?? labels
  }
}

/** Every label set of a metric whose single label has a fixed list: these exist, at 0, from the start. */
function fixedLabelSets(rules: LabelRules): readonly LabelValues[] {
  const [only, ...rest] = Object.entries(rules)
  if (only === undefined || rest.length > 0) return []
  const [name, rule] = only
  return 'atMost' in rule ? [] : rule.map(value => ({ [name]: value }))
}

type Labelled<L extends LabelRules> = [keyof L] extends [never] ? [] : [labels: LabelArgs<L>]

export type CounterHandle<L extends LabelRules> = {
  /** By 1 by default; never negative. */
  inc(...args: [...Labelled<L>, by?: number]): void
  /** Raises it to a total that is counted elsewhere, at a scrape; a lower total changes nothing. */
  raiseTo(...args: [...Labelled<L>, total: number]): void
}

export type GaugeHandle<L extends LabelRules> = {
  /** `null`: unknown, so no sample is shown. */
  set(...args: [...Labelled<L>, value: number | null]): void
  /** For a state: 1 for these labels, 0 for every other of the fixed list. */
  only(...args: Labelled<L>): void
  /** These are all its samples: those that are not among them go. The caller bounds them. */
  replace(samples: Iterable<readonly [...Labelled<L>, value: number]>): void
}

export type HistogramHandle<L extends LabelRules> = {
  /** In the unit of the metric's name. */
  observe(...args: [...Labelled<L>, value: number]): void
}

export type HandleOf<D> =
  D extends Declaration<infer T, infer L>
    ? T extends 'counter'
      ? CounterHandle<L>
      : T extends 'gauge'
        ? GaugeHandle<L>
        : HistogramHandle<L>
    : never

/** The implementation: all methods of all handles, with labels as plain text. */
export type AnyHandle = {
  inc?(first?: LabelValues | number, second?: number): void
  raiseTo?(first: LabelValues | number, second?: number): void
  set?(first: LabelValues | number | null, second?: number | null): void
  only?(labels?: LabelValues): void
  replace?(samples: Iterable<readonly [LabelValues, number]>): void
  observe?(first: LabelValues | number, second?: number): void
}

const NO_LABELS: LabelValues = {}

function isLabels(first: LabelValues | number | null | undefined): first is LabelValues {
  return typeof first === 'object' && first !== null
}

/** As many wait for a scrape; one more brings all of them to prom-client. */
const MAX_WAITING = 512

/** Calls that wait for `record`, in their order. */
class Waiting {
  readonly #labels: LabelValues[] = []
  readonly #values: number[] = []

  constructor(private readonly record: (labels: LabelValues, value: number) => void) {}

  add(labels: LabelValues, value: number): void {
    if (this.#labels.length >= MAX_WAITING) this.recordAll()
    this.#labels.push(labels)
    this.#values.push(value)
  }

  recordAll(): void {
    const labels = this.#labels.splice(0)
    const values = this.#values.splice(0)
    for (const [i, value] of values.entries()) this.record(labels[i] ?? NO_LABELS, value)
  }
}

function counterHandle(name: string, declaration: Declaration, registry: Registry): AnyHandle {
  const { help, labels } = declaration
  const metric = new (promClient().Counter)({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
    collect: () => waiting.recordAll(),
  })
  const fold = createFold(labels)
  const waiting = new Waiting((values, by) => metric.inc(fold(values), by))
  // rate() sees the first step of a counter only when the counter exists from the start.
  for (const values of fixedLabelSets(labels)) metric.inc(values, 0)
  const totals = new Map<string, number>()
  const raise = (values: LabelValues, total: number): void => {
    const key = Object.values(values).join('\n')
    const before = totals.get(key) ?? 0
    if (total <= before) return
    totals.set(key, total)
    metric.inc(values, total - before)
  }
  return {
    inc(first = 1, second = 1) {
      if (isLabels(first)) waiting.add(first, second)
      else waiting.add(NO_LABELS, first)
    },
    raiseTo(first, second = 0) {
      if (isLabels(first)) raise(fold(first), second)
      else raise(NO_LABELS, first)
    },
  }
}

function gaugeHandle(name: string, declaration: Declaration, registry: Registry): AnyHandle {
  const { help, labels } = declaration
  const metric = new (promClient().Gauge)({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
  })
  const fold = createFold(labels)
  const states = fixedLabelSets(labels)
  const put = (values: LabelValues, value: number | null): void => {
    if (value === null) metric.remove(values)
    else metric.set(values, value)
  }
  if (declaration.absentAtFirst) put(NO_LABELS, null)
  return {
    set(first, second = null) {
      if (isLabels(first)) put(fold(first), second)
      else put(NO_LABELS, first)
    },
    only(values = NO_LABELS) {
      for (const state of states) metric.set(state, 0)
      metric.set(fold(values), 1)
    },
    replace(samples) {
      metric.reset()
      for (const [values, value] of samples) metric.set(values, value)
    },
  }
}

function histogramHandle(name: string, declaration: Declaration, registry: Registry): AnyHandle {
  const { help, labels, buckets } = declaration
  const labelNames = Object.keys(labels)
  const metric = new (promClient().Histogram)({
    name,
    help,
    labelNames,
    buckets: [...buckets],
    registers: [registry],
    collect: () => waiting.recordAll(),
  })
  const fold = createFold(labels)
  const waiting = new Waiting((values, value) => metric.observe(fold(values), value))
  return {
    observe(first, second = 0) {
      if (isLabels(first)) waiting.add(first, second)
      else waiting.add(NO_LABELS, first)
    },
  }
}

/** Registers the metric and returns its handle. */
export function createHandle(name: string, declaration: Declaration, registry: Registry): AnyHandle {
  switch (declaration.type) {
    case 'counter':
      return counterHandle(name, declaration, registry)
    case 'gauge':
      return gaugeHandle(name, declaration, registry)
    case 'histogram':
      return histogramHandle(name, declaration, registry)
  }
}

const nothing = (): void => {}

/** A handle that records nothing. */
export const SILENT_HANDLE: AnyHandle = {
  inc: nothing,
  raiseTo: nothing,
  set: nothing,
  only: nothing,
  replace: nothing,
  observe: nothing,
}
