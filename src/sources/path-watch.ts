// Watches one path for changes.
//
// It watches the *folder*, because writers replace the file by renaming another one over it, which breaks a watch on the file
// itself. Where the path goes through links (Kubernetes swaps `..data`, deployments swap `current`), it watches the folder of
// each link too. The watch on a replaced folder is useless; a changed inode shows it.
//
// The system reports every file of a folder. Where the others change all the time, each change would wake the process. It then
// watches the entries of the path themselves instead, and the caller polls; after a minute it watches the folder again.
import { watch } from 'node:fs'
import { lstat, readlink, statfs } from 'node:fs/promises'
import { basename, join, parse, resolve, sep } from 'node:path'
import { type Clock, systemClock } from '../clock/clock.js'

/** How changes are detected. */
export type Detection =
  | { readonly by: 'events' }
  /** The system reports at most the changes made on this machine. */
  | { readonly by: 'polls'; readonly why: 'file_system'; readonly name: string }
  | { readonly by: 'polls'; readonly why: 'refused'; readonly code: string }
  /** Other files of a folder change so often that it is not watched. */
  | { readonly by: 'polls'; readonly why: 'busy' }
  /** A folder of the path is missing. */
  | { readonly by: 'polls'; readonly why: 'absent' }

type Watcher = { on(event: 'error', listener: () => void): unknown; close(): void }
export type WatchFolder = (folder: string, onEvent: (name: string | null) => void) => Watcher

const systemWatch: WatchFolder = (folder, onEvent) => watch(folder, (_, name) => onEvent(name))

/** File systems that others can change without an event here, by `statfs` type. */
const EVENTLESS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x65735546, 'FUSE'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x786f4256, 'a VirtualBox folder'],
])

/** The number of links that Linux follows. */
const MAX_LINKS = 40

/** A folder of the path: its device and inode, and the names in it that matter, each with whether it is a link. */
type Folder = { readonly id: string; readonly names: Map<string, boolean> }
type ResolvedPath = {
  readonly folders: ReadonlyMap<string, Folder>
  /** All folders exist; the file itself may not. */
  readonly isWhole: boolean
  /** The folder of the file. */
  readonly last: string
}

type Watched = {
  readonly id: string
  names: ReadonlyMap<string, boolean>
  /** One for the folder, or one for each of the names. */
  watchers: readonly Watcher[]
  /** Events of other names in the second since `countedFromMs`, less those that a writer's own temporary files explain. */
  ignored: number
  countedFromMs: number
  /** The entries are watched instead of the folder until then; null: the folder is watched. */
  mutedUntilMs: number | null
}

/** Above this limit of events of other names in a second, a folder is muted for this long. */
const MAX_IGNORED_PER_SEC = 50
/** A writer that renames a temporary file over the status causes so many events of that file, at most. */
const OWN_IGNORED = 10
const MUTED_MS = 60_000

/** The folders with an event when `path` changes. */
async function resolvePath(path: string): Promise<ResolvedPath> {
  const folders = new Map<string, Folder>()
  const { root } = parse(resolve(path))
  const partsOf = (text: string): string[] => text.split(sep).filter(part => part !== '' && part !== '.')
  const rest = partsOf(resolve(path).slice(root.length))
  let folder = root
  let id = ''
  const add = (name: string, isLink: boolean): void => {
    const known = folders.get(folder) ?? { id, names: new Map<string, boolean>() }
    folders.set(folder, known)
    known.names.set(name, isLink)
  }
  let links = 0
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const full = join(folder, name)
    const stats = await lstat(full, { bigint: true }).catch(() => null)
    if (stats === null || links > MAX_LINKS) {
      add(name, false)
      return { folders, isWhole: rest.length === 0, last: folder }
    }
    if (stats.isSymbolicLink()) {
      add(name, true)
      links++
      const target = await readlink(full).catch(() => '')
      const from = resolve(folder, target)
      // Start again at the root: a target may have `..` and links of its own.
      rest.unshift(...partsOf(from.slice(root.length)))
      folder = root
      id = ''
    } else if (rest.length === 0) add(name, false)
    else {
      folder = full
      id = `${stats.dev}:${stats.ino}`
    }
  }
  return { folders, isWhole: true, last: folder }
}

export class PathWatch {
  readonly #path: string
  readonly #watch: WatchFolder
  readonly #onEvent: () => void
  readonly #clock: Clock
  readonly #watched = new Map<string, Watched>()
  #checking: Promise<boolean> | null = null
  #detection: Detection = { by: 'polls', why: 'absent' }
  #closed = false

  /** `onEvent`: the path changed, or may have. */
  constructor(
    path: string,
    onEvent: () => void,
    watchFolder: WatchFolder = systemWatch,
    clock: Clock = systemClock,
  ) {
    this.#path = path
    this.#onEvent = onEvent
    this.#watch = watchFolder
    this.#clock = clock
  }

  get detection(): Detection {
    const isBusy = [...this.#watched].some(
      // A folder inside reports its own end.
      ([folder, { names, mutedUntilMs }]) =>
        mutedUntilMs !== null && [...names.keys()].some(name => !this.#watched.has(join(folder, name))),
    )
    return isBusy && this.#detection.by === 'events' ? { by: 'polls', why: 'busy' } : this.#detection
  }

  /** A muted folder may be watched again: time for a check. */
  get isMuteOver(): boolean {
    return [...this.#watched.values()].some(each => this.#isMuteOver(each))
  }

  /** Resolves the path again and watches its folders; true when any watch is new. */
  check(): Promise<boolean> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  close(): void {
    this.#closed = true
    for (const folder of [...this.#watched.keys()]) this.#forget(folder)
  }

  #forget(folder: string): void {
    for (const watcher of this.#watched.get(folder)?.watchers ?? []) watcher.close()
    this.#watched.delete(folder)
  }

  async #check(): Promise<boolean> {
    const { folders, isWhole, last } = await resolvePath(this.#path)
    if (this.#closed) return false
    let isNew = false
    let refused: string | null = null
    for (const [folder, { id, names }] of folders) {
      const known = this.#watched.get(folder)
      if (known?.id === id && !this.#isMuteOver(known)) {
        known.names = names
        if (known.mutedUntilMs !== null) this.#watchEntries(folder, known)
        continue
      }
      isNew = true
      this.#forget(folder)
      refused = this.#add(folder, id, names) ?? refused
    }
    for (const folder of [...this.#watched.keys()]) if (!folders.has(folder)) this.#forget(folder)
    if (refused !== null) this.#detection = { by: 'polls', why: 'refused', code: refused }
    else if (!isWhole) this.#detection = { by: 'polls', why: 'absent' }
    else if (isNew || this.#detection.by === 'polls') this.#detection = await detectionOn(last)
    return isNew
  }

  /** The code of the error when it cannot be watched; null also when it has just been removed, which the next check finds. */
  #add(folder: string, id: string, names: Folder['names']): string | null {
    try {
      const watcher = this.#watch(folder, name => this.#handle(folder, name))
      watcher.on('error', () => this.#forget(folder))
      const countedFromMs = this.#clock.monotonicMs()
      const watchers = [watcher]
      this.#watched.set(folder, { id, names, watchers, ignored: 0, countedFromMs, mutedUntilMs: null })
      return null
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      return code === 'ENOENT' || code === 'ENOTDIR' ? null : code
    }
  }

  #handle(folder: string, name: string | null): void {
    const known = this.#watched.get(folder)
    if (known === undefined) return
    const { names } = known
    // The system names the folder itself when it is moved or removed.
    const isSelf = name === basename(folder)
    if (name !== null && !isSelf && !names.has(name)) {
      this.#ignore(folder, known)
      return
    }
    known.ignored = Math.max(0, known.ignored - OWN_IGNORED)
    this.#onEvent()
    // The path may lead elsewhere now, and a change there before it was watched was not reported.
    const mayLeadElsewhere = name === null || isSelf || names.get(name) === true
    if (mayLeadElsewhere) void this.check().then(isNew => isNew && !this.#closed && this.#onEvent())
  }

  #ignore(folder: string, known: Watched): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - known.countedFromMs >= 1_000) {
      known.countedFromMs = nowMs
      known.ignored = 0
    }
    if (++known.ignored <= MAX_IGNORED_PER_SEC) return
    known.mutedUntilMs = nowMs + MUTED_MS
    this.#watchEntries(folder, known)
    // The caller looks at `detection` again, and a change during the switch is not missed.
    this.#onEvent()
  }

  #isMuteOver({ mutedUntilMs }: Watched): boolean {
    return mutedUntilMs !== null && this.#clock.monotonicMs() >= mutedUntilMs
  }

  /** Anew, since an entry may have been replaced. The polls see what links and entries that cannot be watched do. */
  #watchEntries(folder: string, known: Watched): void {
    for (const watcher of known.watchers) watcher.close()
    known.watchers = [...known.names].flatMap(([name, isLink]) => {
      if (isLink || this.#watched.has(join(folder, name))) return []
      try {
        const watcher = this.#watch(join(folder, name), () => {
          this.#watchEntries(folder, known)
          this.#onEvent()
        })
        watcher.on('error', () => watcher.close())
        return [watcher]
      } catch {
        return []
      }
    })
  }
}

async function detectionOn(folder: string): Promise<Detection> {
  const type = await statfs(folder).then(
    stats => stats.type,
    () => 0,
  )
  const name = EVENTLESS.get(type)
  return name === undefined ? { by: 'events' } : { by: 'polls', why: 'file_system', name }
}
