// The text of a scrape: Prometheus text 0.0.4, or OpenMetrics 1.0.0 on request.
//
// Not written by prom-client's registry, for three reasons: its OpenMetrics output renames its counters, which breaks every later text
// scrape; it collects everything at once, but a scrape must not block the event loop; and an alias is the same samples under a second
// name, which costs nothing when they are only written twice.
import type { Alias } from './declare.js'

export type Format = 'text' | 'openmetrics'

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

type Sample = {
  /** The family's name with its suffix (`_bucket`, `_sum`, `_count`); the family's own when absent. */
  readonly metricName?: string
  readonly labels: Readonly<Partial<Record<string, string | number>>>
  readonly value: number
}

export type Family = {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly Sample[]
}

type MediaRange = { readonly type: string; readonly quality: number; readonly version: string | null }

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const parameter = (name: string): string | null =>
    parameters.find(each => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
  const quality = Number(parameter('q') ?? 1)
  return { type, quality: Number.isFinite(quality) ? quality : 0, version: parameter('version') }
}

/** The format for an `Accept` header (RFC 9110, section 12.5.1): OpenMetrics only when it is named and not ranked below text. */
export function negotiate(accept: string | null | undefined): Format {
  if (accept === null || accept === undefined || accept.length > 4096) return 'text'
  const ranges = accept.split(',').map(mediaRange)
  const best = (wanted: (range: MediaRange) => boolean): number =>
    Math.max(0, ...ranges.filter(wanted).map(range => range.quality))
  const open = best(
    ({ type, version }) =>
      type === 'application/openmetrics-text' && (version === null || version === '1.0.0'),
  )
  return open > 0 && open >= best(({ type }) => type === 'text/plain') ? 'openmetrics' : 'text'
}

function escaped(text: string, format: Format, isLabel: boolean): string {
  const flat = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return isLabel || format === 'openmetrics' ? flat.replaceAll('"', '\\"') : flat
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

function labelText(labels: Sample['labels'], format: Format): string {
  const parts: string[] = []
  for (const name in labels) parts.push(`${name}="${escaped(String(labels[name]), format, true)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

/** One family with its HELP, TYPE and samples, each line ended. */
export function renderFamily(family: Family, format: Format): string {
  const { name, help, type, values } = family
  // In OpenMetrics the family of a counter has no `_total`, its samples have.
  const title = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  let text = `# HELP ${title} ${escaped(help, format, false)}\n# TYPE ${title} ${type}\n`
  for (const { metricName, labels, value } of values) {
    text += `${metricName ?? name}${labelText(labels, format)} ${number(value)}\n`
  }
  return text
}

/** The family under another name; with `only`, just the series with those labels, without these labels. */
export function aliased(family: Family, alias: Alias): Family {
  const { name, help, values } = family
  const rename = (sample: Sample): Sample =>
    sample.metricName === undefined
      ? sample
      : { ...sample, metricName: alias.name + sample.metricName.slice(name.length) }
  const { only } = alias
  if (only === undefined) {
    return { ...family, name: alias.name, help: `${help} Same as ${name}.`, values: values.map(rename) }
  }
  const chosen = Object.entries(only)
  const matching = values.filter(({ labels }) => chosen.every(([label, value]) => labels[label] === value))
  const without = matching.map(sample => ({
    ...rename(sample),
    labels: Object.fromEntries(Object.entries(sample.labels).filter(([label]) => !(label in only))),
  }))
  const series = chosen.map(([label, value]) => `${label}="${value}"`).join(',')
  return { ...family, name: alias.name, help: `Same as ${name}{${series}}.`, values: without }
}
