// The outputs the settings ask for, bound to the metrics they are known by.
import type { Output } from '../engine/cycle.js'
import { createDossierOutput } from '../outputs/files/dossier.js'
import { createPanelFilesOutput } from '../outputs/files/panel-files.js'
import { createJsonLinesOutput } from '../outputs/json-lines.js'
import type { TextStream } from '../outputs/newest-writer.js'
import { createPlainOutput } from '../outputs/plain.js'
import type { OutputParts, ProgramParts } from './program.js'
import { wantsSink } from './sinks.js'
import { VERSION } from './version.js'

/** Panel files and dossier. */
export function fileOutputs(parts: OutputParts): readonly Output[] {
  const { config, metrics, log, clock, hubStats } = parts
  if (!wantsSink(config.outputSinks, 'files')) return []
  const onFault = () => metrics.g6_unified_errors_total.inc({ kind: 'files' })
  const outputs: Output[] = []
  if (!config.noWritePanels) {
    outputs.push(
      createPanelFilesOutput({
        dir: config.panelsDir,
        basic: config.panelsWriterBasic,
        legacyCompat: config.panelsLegacyCompat,
        include: config.panelsInclude,
        metricsUrl: config.metricsUrl,
        timezone: config.timezone,
        generator: `g6-stream ${VERSION}`,
        log,
        onFault,
        onWritten: panel => metrics.g6_summary_panel_file_updates_total.inc({ panel }),
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

/** What a person or a pipe reads on standard output. */
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
