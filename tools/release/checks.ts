// The checks of `g6 check release`: which sources are compared. Each comparison is a file of its own.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../../src/app/version.js'
import { isPlatformName } from '../../src/config/known-names.js'
import { referencesTo } from '../../src/config/references.js'
import { overdue, RETIRED } from '../../src/config/retired.js'
import { SETTINGS } from '../../src/config/settings.js'
import { type TextFile, textFiles } from '../../src/files/text-files.js'
import { createMetrics } from '../../src/metrics/metrics.js'
import { checkPages } from '../reference-pages.js'
import { benchmarkChecks } from './benchmarks.js'
import {
  documentedMetrics,
  metricDifferences,
  recordedSeries,
  strayMetrics,
  strayQueries,
} from './metric-names.js'
import { checkRules } from './prometheus.js'
import { type Check, outcomeOf } from './report.js'
import { straySettings, undocumentedSettings } from './setting-names.js'
import { type RunTool, runTool } from './tool.js'
import { versionDifferences } from './versions.js'

const REFERENCE = 'docs/reference'
const DASHBOARD = 'deploy/grafana/g6-stream.json'

export type ReleaseOptions = {
  /** The checkout. */
  readonly root: string
  readonly nowMs: number
  /** G6_BENCH_SKIP. */
  readonly skipBenchmarks: boolean
  readonly run?: RunTool
}

/** Hand-written docs and what is shipped with them; the changelog may name the past. */
const isDocs = ({ path }: TextFile): boolean =>
  (path.startsWith('docs/') && path.endsWith('.md') && !path.startsWith(`${REFERENCE}/`)) ||
  path.startsWith('deploy/') ||
  path === 'README.md' ||
  path === 'CONTRIBUTING.md'

/** In the order they run: the benchmarks, which take longest, last. */
export function releaseChecks({
  root,
  nowMs,
  skipBenchmarks,
  run = runTool,
}: ReleaseOptions): readonly Check[] {
  const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  const docs = async () => (await textFiles(root)).filter(isDocs)
  const registered = (): readonly string[] =>
    createMetrics({ extended: true, processDefaults: true, version: VERSION, node: process.version }).names()
  const known = async () =>
    new Set([...registered(), ...recordedSeries(await text('deploy/prometheus/recording.yml'))])
  const settingNames = SETTINGS.flatMap(({ name, setting }) => [name, ...setting.aliases.map(a => a.name)])

  const checks: Readonly<Record<string, Check['run']>> = {
    metrics: async () => {
      const names = registered()
      const differences = metricDifferences(names, documentedMetrics(await text(`${REFERENCE}/metrics.md`)))
      return outcomeOf(differences, `${names.length} names, registered and documented`)
    },
    'metrics in docs and rules': async () => {
      const files = await docs()
      return outcomeOf(strayMetrics(files, await known()), `${files.length} files name no other`)
    },
    dashboard: async () =>
      outcomeOf(strayQueries(await text(DASHBOARD), await known()), 'every query names a metric'),
    settings: async () => {
      const missing = undocumentedSettings(settingNames, await text(`${REFERENCE}/settings.md`))
      return outcomeOf(missing, `${settingNames.length} names, each documented`)
    },
    'settings in docs': async () => {
      const files = await docs()
      return outcomeOf(
        straySettings(files, isPlatformName, settingNames),
        `${files.length} files name no other`,
      )
    },
    'retired names': async () => {
      const names = RETIRED.map(({ name }) => name)
      const live = referencesTo(names, await textFiles(root))
      const complaints = [
        ...live.map(({ name, path, line }) => `${path}:${line} uses ${name}`),
        ...overdue(nowMs).map(name => `${name} is past its day of removal`),
      ]
      return outcomeOf(complaints, `${names.length} names, no live reference, none overdue`)
    },
    'docs and event schemas': async () => {
      const stale = await checkPages(join(root, REFERENCE))
      return outcomeOf(
        stale.map(page => `${REFERENCE}/${page} is stale (npm run docs)`),
        'every generated page is fresh',
      )
    },
    'prometheus rules': () => checkRules(root, run),
    version: async () => {
      const differences = versionDifferences(
        {
          packageFile: await text('package.json'),
          lockFile: await text('package-lock.json'),
          pythonProject: await text('clients/python/pyproject.toml'),
          changelog: await text('CHANGELOG.md'),
        },
        VERSION,
      )
      return outcomeOf(differences, `${VERSION} everywhere`)
    },
  }
  return [
    ...Object.entries(checks).map(([name, check]) => ({ name, run: check })),
    ...benchmarkChecks(root, run, skipBenchmarks),
  ]
}
