// Everything that must hold of a checkout before it is released: `g6 check release`. Here is only what is compared with
// what; each comparison is a file of its own.
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

/** What people read and what is shipped beside the program, the generated pages and the changelog aside. */
const isTold = ({ path }: TextFile): boolean =>
  (path.startsWith('docs/') && path.endsWith('.md') && !path.startsWith(`${REFERENCE}/`)) ||
  path.startsWith('deploy/') ||
  path === 'README.md' ||
  path === 'CONTRIBUTING.md'

/** In the order they run; benchmarks last, since they take longest. */
export function releaseChecks({
  root,
  nowMs,
  skipBenchmarks,
  run = runTool,
}: ReleaseOptions): readonly Check[] {
  const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  const told = async () => (await textFiles(root)).filter(isTold)
  const registered = (): readonly string[] =>
    createMetrics({ extended: true, processDefaults: true, version: VERSION, node: process.version }).names()
  const known = async () =>
    new Set([...registered(), ...recordedSeries(await text('deploy/prometheus/recording.yml'))])
  const settingNames = SETTINGS.flatMap(({ name, setting }) => [name, ...setting.aliases.map(a => a.name)])

  return [
    {
      name: 'metrics',
      run: async () => {
        const names = registered()
        const documented = documentedMetrics(await text(`${REFERENCE}/metrics.md`))
        return outcomeOf(
          metricDifferences(names, documented),
          `${names.length} registered, as many documented`,
        )
      },
    },
    {
      name: 'metrics in docs and rules',
      run: async () => {
        const files = await told()
        return outcomeOf(strayMetrics(files, await known()), `${files.length} files name no other`)
      },
    },
    {
      name: 'dashboard',
      run: async () =>
        outcomeOf(strayQueries(await text(DASHBOARD), await known()), 'every query names a metric'),
    },
    {
      name: 'settings',
      run: async () =>
        outcomeOf(
          undocumentedSettings(settingNames, await text(`${REFERENCE}/settings.md`)),
          `${settingNames.length} names, each documented`,
        ),
    },
    {
      name: 'settings in docs',
      run: async () => {
        const files = await told()
        return outcomeOf(
          straySettings(files, isPlatformName, settingNames),
          `${files.length} files name no other`,
        )
      },
    },
    {
      name: 'retired names',
      run: async () => {
        const names = RETIRED.map(({ name }) => name)
        const live = referencesTo(names, await textFiles(root))
        return outcomeOf(
          [
            ...live.map(({ name, path, line }) => `${path}:${line} speaks of ${name}`),
            ...overdue(nowMs).map(name => `${name} is past its day of removal`),
          ],
          `${names.length} names, no live reference, none overdue`,
        )
      },
    },
    {
      name: 'docs and event schemas',
      run: async () =>
        outcomeOf(
          (await checkPages(join(root, REFERENCE))).map(
            page => `${REFERENCE}/${page} is stale (npm run docs)`,
          ),
          'every generated page is fresh',
        ),
    },
    { name: 'prometheus rules', run: () => checkRules(root, run) },
    {
      name: 'version',
      run: async () => {
        const [packageFile, lockFile, pythonProject, changelog] = await Promise.all([
          text('package.json'),
          text('package-lock.json'),
          text('clients/python/pyproject.toml'),
          text('CHANGELOG.md'),
        ])
        return outcomeOf(
          versionDifferences({ packageFile, lockFile, pythonProject, changelog }, VERSION),
          `${VERSION} everywhere`,
        )
      },
    },
    ...benchmarkChecks(root, run, skipBenchmarks),
  ]
}
