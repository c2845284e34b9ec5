// The source that the command line or the settings name.
import type { BoardSource } from '../engine/followed-boards.js'
import type { Source } from '../engine/source.js'
import { BoardFollower } from '../sources/board.js'
import { CompositeSource } from '../sources/composite.js'
import { FallbackSource } from '../sources/fallback.js'
import { createFileSource } from '../sources/file.js'
import { basicAuthorization } from '../sources/followed-server.js'
import { createDocumentReader } from '../sources/large-documents.js'
import { checkSourceSpecs, parseSourceSpec, type SourceSpec, settingSpecs } from '../sources/spec.js'
import { SseIngestor } from '../sources/sse.js'
import { ingestObserver } from './bind-metrics.js'
import { documentPanelsSettings } from './document-boards.js'
import type { ProgramParts, ProgramSource } from './parts.js'
import { VERSION } from './version.js'

type StatusSpec = Exclude<SourceSpec, { readonly kind: 'board' }>

/** A broken file counts as being written for one refresh, but no longer than this. */
const MAX_GRACE_MS = 5_000

export function fileSource(path: string, parts: ProgramParts): Source {
  const { config, settings, log, clock, readsStatuses = () => false } = parts
  const documents = createDocumentReader({
    zone: () => settings().sourceTimezone,
    wantsPatch: readsStatuses,
    panels: () => documentPanelsSettings(parts),
  })
  const graceMs = () => Math.min(settings().summaryRefreshSec * 1000, MAX_GRACE_MS)
  return createFileSource({ path, maxBytes: config.statusMaxBytes, graceMs, log, clock, documents })
}

function statusSource(spec: StatusSpec, parts: ProgramParts): Source {
  if (spec.kind === 'file') return fileSource(spec.path, parts)
  const { config, settings, metrics, log, clock } = parts
  return new SseIngestor({
    url: spec.url,
    types: config.panelsSseTypes,
    token: () => settings().panelsSseToken,
    authorization: () => basicAuthorization(settings().httpBasicUser, settings().httpBasicPass),
    timeoutSec: config.panelsSseTimeout,
    autoFull: config.summaryAutoFullRecovery,
    forceFullRetrySec: config.eventsForceFullRetrySeconds,
    limits: settings,
    userAgent: `g6-stream/${VERSION}`,
    observer: ingestObserver(metrics),
    log,
    clock,
  })
}

/** The status file of the settings, even where they name streams too. */
export function fileSourceOf(parts: ProgramParts): Source {
  return fileSource(parts.config.summaryStatusFile, parts)
}

/**
 * `given` are the `--source` words; without them the settings decide. Throws an Error that names what is wrong.
 */
export function sourceOf(given: readonly string[]): (parts: ProgramParts) => ProgramSource {
  const asked = checkSourceSpecs(given.map(parseSourceSpec))
  return parts => {
    const specs = asked.length > 0 ? asked : settingSpecs(parts.config)
    const [first] = specs
    if (first?.kind === 'board') return boardSource(first.url, parts)
    const sources = specs.flatMap(spec => (spec.kind === 'board' ? [] : [statusSource(spec, parts)]))
    const [only] = sources
    const whole =
      only !== undefined && sources.length === 1 ? only : new CompositeSource(sources, parts.clock)
    if (asked.length > 0 || first?.kind !== 'status') return whole
    const { clock, log } = parts
    return new FallbackSource({ streams: whole, file: fileSourceOf(parts), clock, log })
  }
}

function boardSource(url: string, { settings, log }: ProgramParts): BoardSource {
  return new BoardFollower({ url, token: () => settings().panelsSseToken, log })
}
