// The documents around the data of the panel files, as pure functions of a cycle's result: envelope, unified snapshot and
// manifest. Other programs validate them: the version must be a whole number, the manifest must have no unknown member, and
// its hashes are by file name, over the canonical form of the file's `data`.
import type { Board } from '../../board/board.js'
import type { CycleResult } from '../../engine/cycle.js'
import { isoTime, type PanelFile } from './panel-data.js'

export const SNAPSHOT_FILE = 'unified_snapshot.json'
export const MANIFEST_FILE = 'manifest.json'

/** The version of the files; payloads of the stream have `"v1"`. */
const FILES_VERSION = 1
/** Validators require this name; the unified snapshot has the real one. */
const MANIFEST_GENERATOR = 'PanelsWriter'
/** The length of a hash in an envelope. */
const SHORT_HASH_DIGITS = 12

const seconds = (ms: number): number => ms / 1000

const timesOf = ({ builtAtMs }: Board) => ({
  generated_at: seconds(builtAtMs),
  updated_at: isoTime(builtAtMs),
})

/** Validators require a count to be whole and not negative, or null. */
function wholeCount(value: number | null): number | null {
  return value !== null && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** The unified snapshot without its cycle and times. */
export function snapshotFacts({ snapshot, source }: CycleResult) {
  return {
    indices_count: snapshot?.coverage.indicesCount ?? 0,
    alerts_total: snapshot?.alerts.total ?? 0,
    errors: source.error === null ? [] : [{ kind: source.state, message: source.error }],
  }
}

/** Times: `ts_built` and `generated_at` epoch seconds, `updated_at` ISO. */
export function snapshotDocument(result: CycleResult, generator: string) {
  const { board } = result
  return {
    schema_version: FILES_VERSION,
    generator,
    cycle: board.cycle,
    ts_built: seconds(board.builtAtMs),
    ...timesOf(board),
    ...snapshotFacts(result),
  }
}

export const envelopedFile = ({ name }: PanelFile): string => `${name}_enveloped.json`

/** `hash`: of `data`. `members`: further members of the envelope. */
export function envelope(
  { name, boardPanel }: PanelFile,
  data: unknown,
  hash: string,
  members: Readonly<Record<string, unknown>>,
  board: Board,
) {
  return {
    panel: name,
    version: FILES_VERSION,
    ...timesOf(board),
    ...members,
    data,
    meta: {
      source: 'summary',
      schema: 'v1',
      hash: hash.slice(0, SHORT_HASH_DIGITS),
      board_panel: boardPanel,
      board_hash: board.panels.get(boardPanel)?.hash ?? null,
    },
  }
}

export const plainFile = ({ name }: PanelFile): string => `${name}.json`

/** The form without an envelope, for old consumers (`G6_PANELS_LEGACY_COMPAT`). */
export function plainDocument({ name }: PanelFile, data: unknown, board: Board) {
  return { panel: name, updated_at: isoTime(board.builtAtMs), data }
}

/** `hashes`: by file name. The manifest is written last, so that its readers find these files. */
export function manifestDocument(result: CycleResult, hashes: ReadonlyMap<string, string>) {
  const { board, snapshot } = result
  const version = snapshot?.app.version ?? null
  return {
    schema_version: FILES_VERSION,
    generator: MANIFEST_GENERATOR,
    cycle: board.cycle,
    ts: seconds(board.builtAtMs),
    files: [...hashes.keys()].sort(),
    indices_count: wholeCount(snapshot?.coverage.indicesCount ?? 0),
    alerts_total: wholeCount(snapshot?.alerts.total ?? 0),
    hashes: Object.fromEntries(hashes),
    ...(version === null ? {} : { app_version: version }),
  }
}
