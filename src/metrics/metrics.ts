// The program's metrics: one registry of its own, a handle for each declared metric, and the text of a scrape.
import { setImmediate as afterOthers } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { Declaration } from './declare.js'
import { DECLARED, type Declared, PROCESS_DEFAULTS } from './declared.js'
import { aliased, CONTENT_TYPES, type Family, type Format, negotiate, renderFamily } from './exposition.js'
import { type AnyHandle, createHandle, type HandleOf, SILENT_HANDLE } from './handles.js'
import { replaceOpenFiles } from './open-files.js'
import { promClient } from './prom-client.js'

export type MetricsOptions = {
  /** `G6_SSE_METRICS_EXTENDED`; off = no histograms. */
  readonly extended: boolean
  /** Metrics of the process and its event loop too. They watch the process to its end: for the program, not for tests. */
  readonly processDefaults: boolean
  readonly version: string
  readonly node: string
  /** Called once for each metric that cannot be read; every failure is counted. */
  readonly onUnreadable?: (name: string, error: unknown) => void
}

type Handles = { readonly [Name in keyof Declared]: HandleOf<Declared[Name]> }

type Scrape = { readonly contentType: string; readonly body: string }

export type Metrics = Handles & {
  /**
   * Called at the start of every scrape, to set values that are cheaper to read than to keep up to date. What it throws is counted
   * (`g6_unified_errors_total{kind="scrape"}`) and affects nothing else. Returns a function that removes it.
   */
  onScrape(read: () => void): () => void
  /** The answer for an `Accept` header. */
  text(accept?: string | null): Promise<Scrape>
  /** Every name that a scrape shows now, aliases included. */
  names(): readonly string[]
}

/** After this much work a scrape yields to the stream. */
const SLICE_MS = 2

type Shown = { readonly name: string; readonly declaration: Declaration | null; readonly registry: Registry }
/** prom-client's sampler of the event loop cannot be left out, and wakes the process at this interval; guards/loop-lag.ts samples instead. */
const NEVER_MS = 2 ** 31 - 1

/** The one cast from names and declarations at run time to their static types. */
function withHandles(
  handleFor: (name: string, declaration: Declaration) => AnyHandle,
  rest: Omit<Metrics, keyof Declared>,
): Metrics {
  const handles = Object.fromEntries(
    Object.entries<Declaration>(DECLARED).map(([name, declaration]) => [name, handleFor(name, declaration)]),
  )
  return { ...handles, ...rest } as Metrics
}

/** In a registry of their own: some have names that we declare. */
function processMetrics(extended: boolean): readonly Shown[] {
  const { Registry, collectDefaultMetrics } = promClient()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS })
  replaceOpenFiles(registry)
  const wanted = new Set<string>(PROCESS_DEFAULTS)
  const shown: Shown[] = []
  for (const { name, type } of registry.getMetricsAsArray()) {
    // The typings call the type a number; it is one of the words of the text format.
    if (wanted.has(name) && (extended || String(type) !== 'histogram'))
      shown.push({ name, declaration: null, registry })
    else registry.removeSingleMetric(name)
  }
  return shown
}

async function read(registry: Registry, name: string): Promise<Family> {
  const found = await registry.getSingleMetric(name)?.get()
  if (found === undefined) throw new Error(`metric ${name} is declared but not registered`)
  return { ...found, type: String(found.type) }
}

/** A metric that cannot be read is reported and left out: the others are needed most when something fails. */
async function scrape(
  shown: readonly Shown[],
  format: Format,
  onUnreadable: (name: string, error: unknown) => void,
): Promise<Scrape> {
  let body = ''
  let sliceStart = performance.now()
  for (const { name, declaration, registry } of shown) {
    const family = await read(registry, name).catch((error: unknown) => onUnreadable(name, error))
    if (family === undefined) continue
    body += renderFamily(family, format)
    for (const alias of declaration?.aliases ?? []) body += renderFamily(aliased(family, alias), format)
    if (performance.now() - sliceStart < SLICE_MS) continue
    await afterOthers()
    sliceStart = performance.now()
  }
  return { contentType: CONTENT_TYPES[format], body: format === 'openmetrics' ? `${body}# EOF\n` : body }
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { Registry } = promClient()
  const registry = new Registry()
  const declared: Shown[] = []
  const readers = new Set<() => void>()
  const underWay = new Map<Format, Promise<Scrape>>()

  const handleFor = (name: string, declaration: Declaration): AnyHandle => {
    if (declaration.type === 'histogram' && !options.extended) return SILENT_HANDLE
    declared.push({ name, declaration, registry })
    return createHandle(name, declaration, registry)
  }
  const readAll = (): void => {
    for (const each of readers) {
      try {
        each()
      } catch {
        failed()
      }
    }
  }
  const failed = (): void => metrics.g6_unified_errors_total.inc({ kind: 'scrape' })
  const reported = new Set<string>()
  const unreadable = (name: string, error: unknown): void => {
    failed()
    if (reported.has(name)) return
    reported.add(name)
    options.onUnreadable?.(name, error)
  }
  const metrics = withHandles(handleFor, {
    onScrape(each) {
      readers.add(each)
      return () => readers.delete(each)
    },
    text(accept) {
      const format = negotiate(accept)
      // Concurrent scrapes share the work.
      const running = underWay.get(format)
      if (running !== undefined) return running
      readAll()
      const started = scrape(shown, format, unreadable).finally(() => underWay.delete(format))
      underWay.set(format, started)
      return started
    },
    names: () =>
      shown.flatMap(({ name, declaration }) => [name, ...(declaration?.aliases ?? []).map(a => a.name)]),
  })
  const shown = [...declared, ...(options.processDefaults ? processMetrics(options.extended) : [])]
  metrics.g6_build_info.set({ version: options.version, node: options.node }, 1)
  return metrics
}

/** For `G6_UNIFIED_METRICS=0`: every handle exists and records nothing; a scrape is empty. */
export function silentMetrics(): Metrics {
  return withHandles(() => SILENT_HANDLE, {
    onScrape: () => () => {},
    text: async accept => {
      const format = negotiate(accept)
      return { contentType: CONTENT_TYPES[format], body: format === 'openmetrics' ? '# EOF\n' : '' }
    },
    names: () => [],
  })
}
