// The source that the command line, a board file or the settings name.
import type { BoardSource } from '../engine/followed-boards.js'
import type { Source } from '../engine/source.js'
import type { SourceZone } from '../snapshot/zone.js'
import { BoardFollower } from '../sources/board.js'
import { CompositeSource } from '../sources/composite.js'
import type { PushSpec, ReplaySpec, SourceSpec } from '../sources/declared.js'
import { createExecSource, execRefusal } from '../sources/exec.js'
import { FallbackSource } from '../sources/fallback.js'
import { createFileSource } from '../sources/file.js'
import { basicAuthorization } from '../sources/followed-server.js'
import { createHttpSource } from '../sources/http.js'
import { createDocumentReader, type LargeDocuments } from '../sources/large-documents.js'
import { NamedSources } from '../sources/named.js'
import { createPrometheusSource } from '../sources/prometheus.js'
import { PushSource } from '../sources/push.js'
import { RecordedBoards } from '../sources/recorded-boards.js'
import { ReplaySource } from '../sources/replay.js'
import { Secret } from '../sources/secret.js'
import { checkSourceSpecs, parseSourceSpec, settingSpecs } from '../sources/spec.js'
import { SseIngestor } from '../sources/sse.js'
import { StdinSource } from '../sources/stdin.js'
import { ingestObserver } from './bind-metrics.js'
import type { BoardFile } from './board-file.js'
import { documentPanelsSettings } from './document-boards.js'
import type { ProgramParts, ProgramSource } from './parts.js'
import { VERSION } from './version.js'

type StatusSpec = Exclude<SourceSpec, { readonly kind: 'board' }>

/** A broken file counts as being written for one refresh, but no longer than this. */
const MAX_GRACE_MS = 5_000
/** A server that follows asks only to know whether it could publish: each question costs others something. */
const FOLLOWER_SLOWER = 10
const USER_AGENT = `g6-stream/${VERSION}`

function documentsOf(parts: ProgramParts): LargeDocuments {
  const { settings, readsStatuses = () => false } = parts
  return createDocumentReader({
    zone: () => settings().sourceTimezone,
    wantsPatch: readsStatuses,
    panels: () => documentPanelsSettings(parts),
  })
}

export function fileSource(path: string, parts: ProgramParts): Source {
  const { config, settings, log, clock } = parts
  const graceMs = () => Math.min(settings().summaryRefreshSec * 1000, MAX_GRACE_MS)
  const documents = documentsOf(parts)
  return createFileSource({ path, maxBytes: config.statusMaxBytes, graceMs, log, clock, documents })
}

function streamSource(url: string, parts: ProgramParts): Source {
  const { config, settings, metrics, log, clock } = parts
  return new SseIngestor({
    url,
    types: config.panelsSseTypes,
    token: () => settings().panelsSseToken,
    authorization: () => basicAuthorization(settings().httpBasicUser, settings().httpBasicPass),
    timeoutSec: config.panelsSseTimeout,
    autoFull: config.summaryAutoFullRecovery,
    forceFullRetrySec: config.eventsForceFullRetrySeconds,
    limits: settings,
    userAgent: USER_AGENT,
    observer: ingestObserver(metrics),
    log,
    clock,
  })
}

function statusSource(spec: StatusSpec, parts: ProgramParts & { readonly isAlone?: boolean }): Source {
  const { config, log, clock, isFollower = () => false } = parts
  const common = { maxBytes: config.statusMaxBytes, userAgent: USER_AGENT, log, clock }
  const asked = { ...common, slower: () => (isFollower() ? FOLLOWER_SLOWER : 1) }
  switch (spec.kind) {
    case 'file':
      return fileSource(spec.path, parts)
    case 'status':
      return streamSource(spec.url, parts)
    case 'http':
      return createHttpSource(spec, { ...asked, documents: documentsOf(parts) })
    case 'prometheus':
      return createPrometheusSource(spec, asked)
    case 'exec':
      return createExecSource(spec, { ...asked, documents: documentsOf(parts) })
    case 'stdin':
      return new StdinSource({ ...spec, ...common, documents: documentsOf(parts) })
    case 'push':
      return pushSource(spec, parts)
    case 'replay': {
      const { isAlone = false } = parts
      const zone = (): SourceZone => parts.settings().sourceTimezone
      const timezone = (): string => parts.settings().timezone
      return new ReplaySource({ ...spec, ...common, isAlone, zone, timezone, documents: documentsOf(parts) })
    }
  }
}

/** Throws when nobody could send, or every reader could. */
function pushSource(spec: PushSpec, parts: ProgramParts): Source {
  const { config, settings, log, clock } = parts
  const { target, token } = spec
  const own = token === undefined ? null : new Secret(token, `the token of push:${target}`)
  const first = own === null ? config.pushToken : own.readNow()
  if (first === null)
    throw new Error(
      `push:${target} needs a token for its senders: set G6_PUSH_TOKEN or G6_PUSH_TOKEN_FILE, or token in the board file`,
    )
  if ([config.sseApiToken, config.sseApiTokenPrevious].includes(first))
    throw new Error(
      `push:${target}: its token is the token of readers (G6_SSE_API_TOKEN), so each of them could push; give it its own`,
    )
  return new PushSource({
    target,
    token: () => (own === null ? Promise.resolve(settings().pushToken) : own.read().catch(() => null)),
    expectMs: spec.expectMs ?? null,
    maxBytes: config.statusMaxBytes,
    documents: documentsOf(parts),
    log,
    clock,
  })
}

/** The status file of the settings, even where they name streams too. */
export function fileSourceOf(parts: ProgramParts): Source {
  return fileSource(parts.config.summaryStatusFile, parts)
}

/** How recordings are played. */
export type Play = Partial<Pick<ReplaySpec, 'from' | 'speed' | 'loop' | 'boards'>>

function playedAs(spec: SourceSpec, play: Play): SourceSpec {
  return spec.kind === 'replay' ? { ...spec, ...play } : spec
}

/**
 * `given` are the `--source` words; without them the board file decides, then the settings. Throws an Error that names what is wrong.
 */
export function sourceOf(
  given: readonly string[],
  file: BoardFile | null = null,
  play: Play = {},
): (parts: ProgramParts) => ProgramSource {
  const asked = checkSourceSpecs(given.map(text => playedAs(parseSourceSpec(text), play)))
  if (Object.keys(play).length > 0 && !asked.some(({ kind }) => kind === 'replay'))
    throw new Error('--from, --speed and --loop are for a recording: --source replay:PATH')
  return parts => {
    if (asked.length > 0) return sourceOfSpecs(asked, parts)
    if (file !== null && file.specs.length > 0) return sourceOfFile(file, parts)
    const specs = settingSpecs(parts.config)
    const streams = sourceOfSpecs(specs, parts)
    if (specs[0]?.kind !== 'status' || 'news' in streams) return streams
    const { clock, log } = parts
    return new FallbackSource({ streams, file: fileSourceOf(parts), clock, log })
  }
}

function sourceOfFile({ path, specs }: BoardFile, parts: ProgramParts): ProgramSource {
  const refusal = specs.some(({ kind }) => kind === 'exec') ? execRefusal(path, parts.config.allowExec) : null
  if (refusal !== null) throw new Error(refusal)
  return sourceOfSpecs(specs, parts)
}

/** One source of them all. Throws an Error that names what is wrong. */
export function sourceOfSpecs(given: readonly SourceSpec[], parts: ProgramParts): ProgramSource {
  const specs = checkSourceSpecs(given)
  const [first] = specs
  if (first?.kind === 'board') return boardSource(first.url, parts)
  if (first?.kind === 'replay' && first.boards === true && specs.length === 1)
    return new RecordedBoards({
      ...first,
      timezone: () => parts.settings().timezone,
      log: parts.log,
      clock: parts.clock,
    })
  const named = specs.some(({ name }) => name !== undefined)
  // Differences are made of the whole document.
  const own = named ? { ...parts, readsStatuses: () => false } : parts
  const isAlone = specs.length === 1 && !named
  const made = specs.flatMap(spec =>
    spec.kind === 'board' ? [] : [{ spec, source: statusSource(spec, { ...own, isAlone }) }],
  )
  const unnamed = made.flatMap(({ spec, source }) => (spec.name === undefined ? [source] : []))
  const [only] = unnamed
  const base = only !== undefined && unnamed.length === 1 ? only : new CompositeSource(unnamed, parts.clock)
  if (!named) return base
  const whole = unnamed.length === 0 ? [] : [{ name: null, source: base }]
  const members = made.flatMap(({ spec: { name }, source }) => (name === undefined ? [] : [{ name, source }]))
  const { settings, clock } = parts
  return new NamedSources({ sources: [...whole, ...members], zone: () => settings().sourceTimezone, clock })
}

function boardSource(url: string, { settings, log, onPast }: ProgramParts): BoardSource {
  const past = onPast === undefined ? {} : { onPast }
  return new BoardFollower({ url, token: () => settings().panelsSseToken, log, ...past })
}
