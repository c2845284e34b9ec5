// The panel files: each is written atomically and only when its content changed. The unified snapshot and then the manifest
// come last, so that both have the same cycle. A file that cannot be written is tried again in the next cycle and does not
// delay the others.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as yielded } from 'node:timers/promises'
import type { CycleResult, Output } from '../../engine/cycle.js'
import { type AtomicEdge, writeAtomically } from '../../files/atomic.js'
import { createWriterLock } from '../../files/writer-lock.js'
import type { Log } from '../../log/log.js'
import { PANELS } from '../../panels/registry.js'
import { canonicalHash } from './canonical-json.js'
import {
  envelope,
  envelopedFile,
  MANIFEST_FILE,
  manifestDocument,
  plainDocument,
  plainFile,
  SNAPSHOT_FILE,
  snapshotDocument,
  snapshotFacts,
} from './documents.js'
import { FaultLog } from './fault-log.js'
import { earlierStream, type IndicesStream, STREAM_FILE, withTurn } from './indices-stream.js'
import { Ownership } from './ownership.js'
import { customFile, PANEL_FILES } from './panel-data.js'

export type PanelFilesOptions = {
  readonly dir: string
  /** `G6_PANELS_WRITER_BASIC`: the first file only. */
  readonly basic: boolean
  /** `G6_PANELS_LEGACY_COMPAT`: each panel without its envelope too. */
  readonly legacyCompat: boolean
  /** `G6_PANELS_INCLUDE`: the panels with files, by panel or file name in any case; empty = all. */
  readonly include?: readonly string[]
  /** Keys of custom panels; each gets a file with what the board shows. */
  readonly custom?: readonly string[]
  /** Name and version of the program. */
  readonly generator: string
  /** `G6_METRICS_URL`; null when it is not set. */
  readonly metricsUrl: string | null
  readonly timezone: string
  readonly log: Log
  readonly onWritten?: (panel: string) => void
  readonly onFault?: () => void
  /** The number of panel files whose content changed with this board. */
  readonly onChanged?: (files: number) => void
  /** Time to write all changed files, seconds. */
  readonly onRound?: (seconds: number) => void
  readonly edge?: AtomicEdge
}

/** Computed only when the file is written; `hash` is for the manifest. */
type Content = { readonly hash: string | null; readonly text: string }

type Wanted = {
  readonly file: string
  readonly panel: string
  /** While these are the same, the file is not written again. */
  readonly facts: string
  readonly content: () => Content
}

/** The last write; `hash` is null when the manifest does not name the file. */
type Written = { readonly facts: string; readonly hash: string | null }

function isIncluded(names: readonly string[], include: readonly string[]): boolean {
  return include.length === 0 || include.some(wanted => names.includes(wanted.toLowerCase()))
}

/** Names the program that writes the folder; hidden from readers of `*.json`. */
export const LOCK_FILE = '.writer.lock'

const pretty = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

/** While nothing changes, the folder is looked at this often: it may be removed or replaced. */
const CHECK_EVERY_MS = 5_000

/** For the unified snapshot, which has no `data`: validators hash a missing `data` as null. */
const HASH_WITHOUT_DATA = canonicalHash(null)

/** Names that a custom panel cannot have: its files would replace these. */
export const PANEL_FILE_NAMES: readonly string[] = [
  ...PANEL_FILES.map(({ name }) => name),
  ...[STREAM_FILE, SNAPSHOT_FILE, MANIFEST_FILE].map(file => file.replace(/\.json$/, '')),
]

type Forms = Pick<PanelFilesOptions, 'legacyCompat' | 'metricsUrl' | 'include' | 'custom'>

const REGISTRY_KEYS: ReadonlySet<string> = new Set(PANELS.map(({ key }) => key))

function panelFiles(
  { board, snapshot }: CycleResult,
  { legacyCompat, metricsUrl, include = [], custom = [] }: Forms,
): readonly Wanted[] {
  if (snapshot === null) return []
  return [...PANEL_FILES, ...custom.map(key => customFile(key, board))].flatMap(entry => {
    const { name, panel, boardPanel } = entry
    if (!isIncluded([name, panel], include)) return []
    const data = entry.data(snapshot, { metricsUrl })
    const members = entry.envelopeMembers?.(snapshot) ?? {}
    const dataFacts = JSON.stringify([data, members])
    const fileOf = (document: (hash: string) => unknown) => (): Content => {
      const hash = canonicalHash(data)
      return { hash, text: pretty(document(hash)) }
    }
    const enveloped: Wanted = {
      file: envelopedFile(entry),
      panel,
      facts: `${board.panels.get(boardPanel)?.hash ?? ''} ${dataFacts}`,
      content: fileOf(hash => envelope(entry, data, hash, members, board)),
    }
    const plain: Wanted = {
      file: plainFile(entry),
      panel,
      facts: dataFacts,
      content: fileOf(() => plainDocument(entry, data, board)),
    }
    return legacyCompat ? [enveloped, plain] : [enveloped]
  })
}

function streamFile({ items }: IndicesStream): readonly Wanted[] {
  if (items.length === 0) return []
  const text = pretty(items)
  return [{ file: STREAM_FILE, panel: 'indices_stream', facts: text, content: () => ({ hash: null, text }) }]
}

function hasSameFiles(a: CycleResult, b: CycleResult): boolean {
  return (
    a.snapshot === b.snapshot &&
    a.board.generation === b.board.generation &&
    a.source.error === b.source.error
  )
}

export function createPanelFilesOutput(options: PanelFilesOptions): Output {
  const { dir, basic, include = [], generator, timezone, log, onWritten, onChanged, onRound, edge } = options
  const onFault = (): void => options.onFault?.()
  const faults = new FaultLog(log, dir, onFault)
  const ownership = new Ownership({
    lock: createWriterLock(join(dir, LOCK_FILE)),
    place: { folder: dir },
    remedy: 'G6_PANELS_DIR names another folder, G6_NO_WRITE_PANELS=1 writes no panel files',
    log,
    onFault,
  })
  const written = new Map<string, Written>()
  /** The identity of the folder that has the files in `written`; null: none. */
  let folder: string | null = null
  let latest: CycleResult | null = null
  /** Keys of panels that have files: custom ones, and automatic ones since the first board that had them. */
  const others = new Set(options.custom)
  /** All files are written. */
  let isComplete = false
  /** When the folder was last looked at. */
  let checkedMs = Number.NEGATIVE_INFINITY
  /** Counts files written and lost, and the count at the last manifest. */
  let changes = 0
  let changesInManifest = 0
  /** Null: the file of an earlier run is not read yet. */
  let stream: IndicesStream | null = null

  async function write({ file, panel, facts, content }: Wanted): Promise<void> {
    try {
      // Each file in a turn of its own: together they may take long.
      await yielded()
      const { hash, text } = content()
      await writeAtomically(join(dir, file), text, edge)
      written.set(file, { facts, hash })
      changes++
      faults.written(file)
      onWritten?.(panel)
    } catch (error) {
      if (written.delete(file)) changes++
      faults.failed(file, error)
    }
  }

  /** Identifies the folder; the birth time is there because a new folder may get the same inode. Null: there is none. */
  const folderNow = (): Promise<string | null> =>
    stat(dir, { bigint: true }).then(
      ({ dev, ino, birthtimeNs }) => `${dev} ${ino} ${birthtimeNs}`,
      () => null,
    )

  async function streamOf({ snapshot }: CycleResult): Promise<readonly Wanted[]> {
    if (snapshot === null || !isIncluded(['indices_stream'], include)) return []
    stream = withTurn(stream ?? (await earlierStream(join(dir, STREAM_FILE))), snapshot, timezone)
    return streamFile(stream)
  }

  async function round(result: CycleResult): Promise<void> {
    if (!(await ownership.mayWrite())) {
      // Another program may write them meanwhile.
      written.clear()
      folder = null
      return
    }
    const isSame = latest !== null && hasSameFiles(latest, result)
    const roundMs = performance.now()
    if (isSame && isComplete && folder !== null && roundMs - checkedMs < CHECK_EVERY_MS) {
      onChanged?.(0)
      return
    }
    checkedMs = roundMs
    // A folder that was removed or replaced has none of these files.
    const isFolderSame = folder !== null && (await folderNow()) === folder
    if (isSame && isFolderSame && isComplete) {
      onChanged?.(0)
      return
    }
    if (!isFolderSame) {
      written.clear()
      folder = await folderNow()
    }
    latest = result
    const startMs = performance.now()
    for (const key of result.board.panels.keys()) if (!REGISTRY_KEYS.has(key)) others.add(key)
    const panels = basic
      ? []
      : [...panelFiles(result, { ...options, custom: [...others] }), ...(await streamOf(result))]
    const changed = panels.filter(({ file, facts }) => written.get(file)?.facts !== facts)
    onChanged?.(changed.length)
    await Promise.all(changed.map(write))
    const wroteLast = await writeLast(result)
    // The folder was removed or replaced meanwhile, and with it the files written before.
    if ((await folderNow()) !== folder) folder = null
    const names = [...panels.map(({ file }) => file), SNAPSHOT_FILE, ...(basic ? [] : [MANIFEST_FILE])]
    isComplete = names.every(name => written.has(name))
    if (changed.length > 0 || wroteLast) onRound?.((performance.now() - startMs) / 1000)
  }

  /** Writes the unified snapshot, then the manifest, if either or any other file changed; returns whether it did. */
  async function writeLast(result: CycleResult): Promise<boolean> {
    const facts = JSON.stringify(snapshotFacts(result))
    const isWritten = written.get(SNAPSHOT_FILE)?.facts === facts && written.has(MANIFEST_FILE)
    if (!basic && isWritten && changes === changesInManifest) return false
    const content = () => ({ hash: HASH_WITHOUT_DATA, text: pretty(snapshotDocument(result, generator)) })
    await write({ file: SNAPSHOT_FILE, panel: 'unified', facts, content })
    if (basic) return true
    await write({ file: MANIFEST_FILE, panel: 'manifest', facts: '', content: () => manifestOf(result) })
    changesInManifest = changes
    return true
  }

  function manifestOf(result: CycleResult): Content {
    const named = [...written].flatMap(([file, { hash }]) => (hash === null ? [] : [[file, hash] as const]))
    return { hash: null, text: pretty(manifestDocument(result, new Map(named))) }
  }

  return {
    name: 'files',
    publish: round,
    close: () => ownership.release(),
  }
}
