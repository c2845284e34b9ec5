// Metrics are named in several places: the reference page, the hand-written docs, rules, dashboards. These are compared with the
// registry, both ways.
import { z } from 'zod'
import { liveMatches } from '../../src/config/historical-lines.js'
import type { TextFile } from '../../src/files/text-files.js'
import { seriesIn } from './promql.js'

/** The other series of a histogram or a counter. */
const SUFFIXES = ['_bucket', '_count', '_sum', '_created']
/** Begins like a metric: the module of the Python client. */
const NO_METRIC = new Set(['g6_stream'])
/** `g6_` alone is the beginning of all of them. */
const WORD = /\bg6_[a-z0-9][a-z0-9_]*(\*)?/g

/** The names with a row or a line of their own on the reference page, other names of a metric included. */
export function documentedMetrics(page: string): readonly string[] {
  const cells = page
    .split('\n')
    .flatMap(line => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? /^- (`\w+`)$/.exec(line)?.[1] ?? [])
  // `(= {reason="auth"})` after an alias is not a name.
  return cells.flatMap(cell => [...cell.matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []))
}

/** A sentence for each name that only one side has. */
export function metricDifferences(
  registered: readonly string[],
  documented: readonly string[],
): readonly string[] {
  const [known, onPage] = [new Set(registered), new Set(documented)]
  return [
    ...[...known].filter(name => !onPage.has(name)).map(name => `${name} is registered and not documented`),
    ...[...onPage].filter(name => !known.has(name)).map(name => `${name} is documented and not registered`),
  ]
}

/** The series of recording rules. */
export function recordedSeries(rules: string): readonly string[] {
  return [...rules.matchAll(/^ *(?:- *)?record: *(\S+)/gm)].flatMap(([, name]) => name ?? [])
}

/** Whether a series of this name is scraped or recorded. */
export function isSeries(name: string, known: ReadonlySet<string>): boolean {
  return (
    known.has(name) ||
    SUFFIXES.some(suffix => name.endsWith(suffix) && known.has(name.slice(0, -suffix.length)))
  )
}

/** Every `g6_…` word of these texts that is not a metric; `g6_chat_*` matches all names with that beginning. */
export function strayMetrics(files: readonly TextFile[], known: ReadonlySet<string>): readonly string[] {
  return files.flatMap(file =>
    liveMatches(file, WORD).flatMap(({ line, match: [word, star] }) => {
      const name = word.replace('*', '')
      const found =
        star === undefined ? isSeries(name, known) : [...known].some(each => each.startsWith(name))
      return found || NO_METRIC.has(name) ? [] : [`${file.path}:${line} names ${word}, which is not a metric`]
    }),
  )
}

const target = z.looseObject({ expr: z.string() })
/** Rows hold panels, panels hold targets; a panel of text has none. */
const panel = z.looseObject({
  title: z.string(),
  targets: z.array(target).default([]),
  get panels() {
    return z.array(panel).default([])
  },
})
const dashboard = z.looseObject({ panels: z.array(panel).min(1) })
type Panel = z.infer<typeof panel>

type Query = { readonly title: string; readonly expr: string }

/** Every query of a Grafana dashboard with the title of its panel. Throws when it is not a dashboard. */
export function dashboardQueries(json: string): readonly Query[] {
  const of = ({ title, targets, panels }: Panel): readonly Query[] => [
    ...targets.map(({ expr }) => ({ title, expr })),
    ...panels.flatMap(of),
  ]
  return dashboard.parse(JSON.parse(json)).panels.flatMap(of)
}

/** Queries without a series, or with one that does not exist. */
export function strayQueries(json: string, known: ReadonlySet<string>): readonly string[] {
  return dashboardQueries(json).flatMap(({ title, expr }) => {
    const names = seriesIn(expr)
    if (names.length === 0) return [`"${title}" names no series: ${expr}`]
    return names
      .filter(name => !isSeries(name, known))
      .map(name => `"${title}" names ${name}, which is not a metric`)
  })
}
