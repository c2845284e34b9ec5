// Metrics are told of in several places: the reference page, the hand-written docs, rules, dashboards. Here they are held
// against the registry, both ways.
import { z } from 'zod'
import { historicalLines } from '../../src/config/historical-lines.js'
import type { TextFile } from '../../src/files/text-files.js'
import { seriesIn } from './promql.js'

/** What a histogram or a counter shows besides its own name. */
const SUFFIXES = ['_bucket', '_count', '_sum', '_created']
/** Words of ours that begin like a metric and are none: the Python client's module. */
const NO_METRIC = new Set(['g6_stream'])
/** `g6_` alone is the beginning of all of them. */
const WORD = /\bg6_[a-z0-9][a-z0-9_]*(\*)?/g

/** The names with a row or a line of their own on the reference page, other names of a metric included. */
export function documentedMetrics(page: string): readonly string[] {
  const cells = page
    .split('\n')
    .flatMap(line => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? /^- (`\w+`)$/.exec(line)?.[1] ?? [])
  // `(= {reason="auth"})` after an alias is no name.
  return cells.flatMap(cell => [...cell.matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []))
}

/** What one side has and the other lacks, as sentences. */
export function metricDifferences(
  registered: readonly string[],
  documented: readonly string[],
): readonly string[] {
  const [known, told] = [new Set(registered), new Set(documented)]
  return [
    ...[...known].filter(name => !told.has(name)).map(name => `${name} is registered and not documented`),
    ...[...told].filter(name => !known.has(name)).map(name => `${name} is documented and not registered`),
  ]
}

/** The series that recording rules make. */
export function recordedSeries(rules: string): readonly string[] {
  return [...rules.matchAll(/^ *(?:- *)?record: *(\S+)/gm)].flatMap(([, name]) => name ?? [])
}

/** Whether a series of this name can be scraped or is recorded. */
export function isSeries(name: string, known: ReadonlySet<string>): boolean {
  return (
    known.has(name) ||
    SUFFIXES.some(suffix => name.endsWith(suffix) && known.has(name.slice(0, -suffix.length)))
  )
}

/** Every `g6_…` word of these texts that is no metric; `g6_chat_*` stands for all that begin so. */
export function strayMetrics(files: readonly TextFile[], known: ReadonlySet<string>): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const past = path.endsWith('.md') ? historicalLines(text) : []
    return text.split('\n').flatMap((line, i) =>
      past[i] === true
        ? []
        : [...line.matchAll(WORD)].flatMap(([word, star]) => {
            const name = word.replace('*', '')
            const found =
              star === undefined ? isSeries(name, known) : [...known].some(each => each.startsWith(name))
            return found || NO_METRIC.has(name) ? [] : [`${path}:${i + 1} names ${word}, which is no metric`]
          }),
    )
  })
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

/** Every query of a Grafana dashboard with the title of its panel. Throws for what is no dashboard. */
export function dashboardQueries(json: string): readonly Query[] {
  const of = ({ title, targets, panels }: Panel): readonly Query[] => [
    ...targets.map(({ expr }) => ({ title, expr })),
    ...panels.flatMap(of),
  ]
  return dashboard.parse(JSON.parse(json)).panels.flatMap(of)
}

/** Queries that name nothing, or a series nobody has. */
export function strayQueries(json: string, known: ReadonlySet<string>): readonly string[] {
  return dashboardQueries(json).flatMap(({ title, expr }) => {
    const names = seriesIn(expr)
    if (names.length === 0) return [`"${title}" asks for no series: ${expr}`]
    return names
      .filter(name => !isSeries(name, known))
      .map(name => `"${title}" asks for ${name}, which is no metric`)
  })
}
