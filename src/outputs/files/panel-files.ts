// The panel files: written only when what they say changed, each replaced as a whole, the manifest last. A file that cannot
// be written is tried again with the next cycle; the others are written all the same.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CycleResult, Output } from '../../engine/cycle.js'
import { type AtomicEdge, systemEdge, writeAtomically } from '../../files/atomic.js'
import type { Log } from '../../log/log.js'
import {
  ENVELOPED,
  envelope,
  MANIFEST_FILE,
  manifestDocument,
  SNAPSHOT_FILE,
  snapshotDocument,
  snapshotFacts,
} from './documents.js'
import { FaultLog } from './fault-log.js'

export type PanelFilesOptions = {
  readonly dir: string
  /** `G6_PANELS_WRITER_BASIC`: the first file only. */
  readonly basic: boolean
  /** For the manifest: name and version of the program. */
  readonly generator: string
  readonly log: Log
  readonly onWritten?: (panel: string) => void
  readonly onFault?: () => void
  /** A whole round of writing took so long, seconds. */
  readonly onRound?: (seconds: number) => void
  readonly edge?: AtomicEdge
}

type Wanted = {
  readonly file: string
  readonly panel: string
  readonly facts: string
  readonly text: () => string
}

const pretty = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

function wantedFiles(result: CycleResult, basic: boolean): readonly Wanted[] {
  const { board, snapshot } = result
  const first: Wanted = {
    file: SNAPSHOT_FILE,
    panel: 'unified',
    facts: JSON.stringify(snapshotFacts(result)),
    text: () => pretty(snapshotDocument(result)),
  }
  if (basic || snapshot === null) return [first]
  const enveloped = ENVELOPED.map(entry => {
    const data = entry.data(snapshot)
    const hash = board.panels.get(entry.boardPanel)?.hash ?? ''
    const { file, panel } = entry
    return {
      file,
      panel,
      facts: `${hash} ${JSON.stringify(data)}`,
      text: () => pretty(envelope(entry, data, board)),
    }
  })
  return [first, ...enveloped]
}

function saysTheSame(a: CycleResult, b: CycleResult): boolean {
  return (
    a.snapshot === b.snapshot &&
    a.board.generation === b.board.generation &&
    a.source.error === b.source.error
  )
}

export function createPanelFilesOutput(options: PanelFilesOptions): Output {
  const { dir, basic, generator, log, onWritten, onRound, edge } = options
  const faults = new FaultLog(log, dir, () => options.onFault?.())
  const written = new Map<string, string>()
  /** Where everything that is `written` was written to; null: nothing is. */
  let folder: string | null = null
  let latest: CycleResult | null = null
  /** Everything that should be there is there. */
  let isComplete = false

  async function write({ file, panel, facts, text }: Wanted): Promise<void> {
    try {
      await writeAtomically(join(dir, file), text(), edge)
      written.set(file, facts)
      faults.written(file)
      onWritten?.(panel)
    } catch (error) {
      written.delete(file)
      faults.failed(file, error)
    }
  }

  /** Which folder it is: another one in its place may get the same inode. Null: there is none. */
  const folderNow = (): Promise<string | null> =>
    stat(dir, { bigint: true }).then(
      ({ dev, ino, birthtimeNs }) => `${dev} ${ino} ${birthtimeNs}`,
      () => null,
    )

  async function round(result: CycleResult): Promise<void> {
    const isSame = latest !== null && saysTheSame(latest, result)
    // A folder that went away, or another one in its place, has none of our files.
    const isFolderSame = folder !== null && (await folderNow()) === folder
    if (isSame && isFolderSame && isComplete) return
    if (!isFolderSame) {
      written.clear()
      // What is wrong with it, the files will tell.
      await (edge ?? systemEdge).makeFolder(dir).catch(() => {})
      folder = await folderNow()
    }
    latest = result
    const startMs = performance.now()
    const all = wantedFiles(result, basic)
    const changed = all.filter(({ file, facts }) => written.get(file) !== facts)
    await Promise.all(changed.map(write))
    if (!basic) await writeManifest(result, all)
    // Gone in the middle: what was written before is gone with it.
    if ((await folderNow()) !== folder) folder = null
    isComplete = all.every(({ file }) => written.has(file)) && (basic || written.has(MANIFEST_FILE))
    if (changed.length > 0) onRound?.((performance.now() - startMs) / 1000)
  }

  /** Last, and again whenever a file it names was written or could not be. */
  async function writeManifest(result: CycleResult, all: readonly Wanted[]): Promise<void> {
    const there = all.filter(({ file }) => written.has(file))
    const facts = there.map(({ file }) => `${file} ${written.get(file)}`).join('\n')
    if (written.get(MANIFEST_FILE) === facts) return
    const files = there.map(({ file }) => file)
    const text = () => pretty(manifestDocument(result, files, generator))
    await write({ file: MANIFEST_FILE, panel: 'manifest', facts, text })
  }

  return {
    name: 'files',
    publish: round,
    close: () => Promise.resolve(),
  }
}
