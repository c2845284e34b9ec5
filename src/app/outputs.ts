// The outputs that the settings ask for, each bound to its metrics.
import type { Output } from '../engine/cycle.js'
import type { Hub } from '../hub/hub.js'
import type { StatusHub } from '../hub/status-hub.js'
import { createDossierOutput } from '../outputs/files/dossier.js'
import { createPanelFilesOutput } from '../outputs/files/panel-files.js'
import { createJsonLinesOutput } from '../outputs/json-lines.js'
import type { TextStream } from '../outputs/newest-writer.js'
import { createPlainOutput } from '../outputs/plain.js'
import { panelLabel } from './panel-label.js'
import type { OutputParts, ProgramParts } from './parts.js'
import { VERSION } from './version.js'

const SINKS = ['terminal', 'files', 'http'] as const

/** Whether `G6_OUTPUT_SINKS` lets this output run. Words of other programs change nothing: without a known word all outputs run. */
export function wantsSink(words: readonly string[], sink: (typeof SINKS)[number]): boolean {
  const known = SINKS.filter(name => words.includes(name))
  return known.length === 0 || known.includes(sink)
}

/** Each board is streamed in the cycle that made it. */
export function createHubOutput(hub: Hub): Output {
  return {
    name: 'stream',
    inCycle: true,
    publish({ board, stats }) {
      // Before the first good reading there is nothing to show: readers wait for the first board.
      if (board.generation === 0) return
      hub.publishNow(board, stats.hitRatio, stats.intervals)
    },
    close: () => Promise.resolve(),
  }
}

/** Each new status is streamed, and what came with it from followed streams. */
export function createStatusOutput(hub: Pick<StatusHub, 'publishStatus' | 'publishIngest'>): Output {
  return {
    name: 'status-stream',
    publish({ reading, stats }) {
      if (reading?.ok) hub.publishStatus(reading.status, reading.large ?? null)
      if (stats.ingest !== undefined) hub.publishIngest(stats.ingest)
    },
    close: () => Promise.resolve(),
  }
}

/** Panel files and dossier. */
export function fileOutputs(parts: OutputParts): readonly Output[] {
  const { config, metrics, log, clock, panels, hubStats } = parts
  if (!wantsSink(config.outputSinks, 'files')) return []
  const onFault = () => metrics.g6_unified_errors_total.inc({ kind: 'files' })
  const label = panelLabel(metrics)
  const outputs: Output[] = []
  if (!config.noWritePanels) {
    outputs.push(
      createPanelFilesOutput({
        dir: config.panelsDir,
        basic: config.panelsWriterBasic,
        legacyCompat: config.panelsLegacyCompat,
        include: config.panelsInclude,
        custom: panels.map(({ key }) => key),
        metricsUrl: config.metricsUrl,
        timezone: config.timezone,
        generator: `g6-stream ${VERSION}`,
        log,
        onFault,
        onWritten: panel => metrics.g6_summary_panel_file_updates_total.inc({ panel: label(panel) }),
        onChanged: files => metrics.g6_summary_panel_file_updates_last.set(files),
        onRound: seconds => metrics.g6_unified_panels_write_seconds.observe(seconds),
      }),
    )
  }
  if (config.summaryDossierPath !== null) {
    outputs.push(
      createDossierOutput({
        path: config.summaryDossierPath,
        intervalMs: config.summaryDossierIntervalSec * 1000,
        monotonicMs: clock.monotonicMs,
        hubStats,
        log,
        onFault,
      }),
    )
  }
  return outputs
}

/** Standard output: text for a person, or JSON lines for a pipe. */
export function screenOutput(
  { config, metrics }: ProgramParts,
  form: 'plain' | 'json',
  stream: TextStream,
): readonly Output[] {
  if (!wantsSink(config.outputSinks, 'terminal')) return []
  if (form === 'json') return [createJsonLinesOutput(stream)]
  return [
    createPlainOutput({
      stream,
      timezone: config.timezone,
      diff: config.summaryPlainDiff,
      onFrame: seconds => metrics.g6_unified_render_seconds.observe(seconds),
    }),
  ]
}
