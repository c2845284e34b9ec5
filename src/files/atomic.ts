// Replaces a file whole or not at all: writes a temporary file in the same folder, flushes it to the disk, and renames it over the
// file. A reader sees the old text or the new text, never a part.
//
// The temporary file is always new and has a random name: in a folder that others may write to, a link under a name that can be
// guessed would send the text into any file that this process may write.
//
// A rename is retried when another program has the file open for a moment (virus scanners and indexers on Windows, network file
// systems). After any failure the temporary file is removed; the next process that writes the same file removes the leftover of a
// killed one.
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The system calls, for tests of faults. */
export type AtomicEdge = {
  /** Writes the whole text to a new file and flushes it to the disk. Rejects with EEXIST when the path exists. */
  readonly writeFlushed: (path: string, text: string) => Promise<void>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly makeFolder: (path: string) => Promise<unknown>
  /** Removes a file; one that is not there is no error. */
  readonly remove: (path: string) => Promise<void>
  readonly wait: (ms: number) => Promise<unknown>
  /** Names in a folder. */
  readonly list: (folder: string) => Promise<readonly string[]>
  readonly isRunning: (processId: number) => boolean
}

/** Waits before each retry of a rename, ms. */
const RETRY_AFTER_MS: readonly number[] = [5, 20, 80]
const BUSY_CODES: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY'])

/** O_EXCL refuses links, but old NFS ignores it; O_NOFOLLOW refuses them everywhere it exists (not on Windows). */
const NEW_FILE_ONLY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** With its parents. Not `recursive`, which never returns on /proc (ENOENT for a folder whose parent exists). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    const parent = dirname(path)
    if (code !== 'ENOENT' || parent === path) throw error
    await makeFolder(parent)
    await mkdir(path).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again
    })
  }
}

/** The real file system. */
export const systemEdge: AtomicEdge = {
  async writeFlushed(path, text) {
    const file = await open(path, NEW_FILE_ONLY)
    try {
      await file.writeFile(text, 'utf8')
      await file.sync()
    } finally {
      await file.close()
    }
  },
  rename,
  makeFolder,
  remove: path => rm(path, { force: true }),
  wait: ms => pause(ms),
  list: folder => readdir(folder),
  isRunning(processId) {
    try {
      process.kill(processId, 0)
      return true
    } catch (error) {
      // It runs and belongs to another user.
      return codeOf(error) === 'EPERM'
    }
  },
}

/**
 * The same, but what each write does holds its thread until it is on the disk: for a thread of its own. There it takes half of
 * the processor time, as nothing waits for other threads.
 */
export const blockingEdge: AtomicEdge = {
  ...systemEdge,
  async writeFlushed(path, text) {
    const file = openSync(path, NEW_FILE_ONLY)
    try {
      writeWhole(file, Buffer.from(text))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  },
  rename: async (from, to) => renameSync(from, to),
}

/** A disk that is nearly full takes a part, and then refuses the rest. */
function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** Files whose leftovers this process has removed. */
const swept = new Map<string, Promise<void>>()
const MOST_SWEPT = 1_000

/** Removes the temporary files that killed processes left of this file. */
async function sweep(path: string, edge: AtomicEdge): Promise<void> {
  const folder = dirname(path)
  // A folder that cannot be listed may still be writable; the write will show.
  const names = await edge.list(folder).catch(() => [])
  const prefix = `.${basename(path)}.`
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const processId = Number(/^(\d+)-[0-9a-f]+\.tmp$/.exec(name.slice(prefix.length))?.[1] ?? Number.NaN)
    if (Number.isNaN(processId)) continue
    // This process has written nothing yet: in a container the previous process had the same id.
    if (processId !== process.pid && edge.isRunning(processId)) continue
    await edge.remove(join(folder, name)).catch(() => {})
  }
}

/** Once per file and process. Other writes of the file wait for it, or it would remove their temporary files. */
function sweptOnce(path: string, edge: AtomicEdge): Promise<void> {
  if (swept.size >= MOST_SWEPT && !swept.has(path)) return Promise.resolve()
  const known = swept.get(path)
  if (known !== undefined) return known
  const sweeping = sweep(path, edge)
  swept.set(path, sweeping)
  return sweeping
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

async function writeInFolder(path: string, text: string, edge: AtomicEdge): Promise<void> {
  try {
    await edge.writeFlushed(path, text)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await edge.makeFolder(dirname(path))
    await edge.writeFlushed(path, text)
  }
}

async function renameWithRetries(from: string, to: string, edge: AtomicEdge): Promise<void> {
  for (const waitMs of RETRY_AFTER_MS) {
    try {
      return await edge.rename(from, to)
    } catch (error) {
      if (!BUSY_CODES.has(codeOf(error))) throw error
      await edge.wait(waitMs)
    }
  }
  await edge.rename(from, to)
}

/**
 * Replaces the file at `path` with `text` (UTF-8), creating its folder when it is missing. Rejects with the error of the
 * file system when it cannot; then the file is as it was and no temporary file is left.
 */
export async function writeAtomically(
  path: string,
  text: string,
  edge: AtomicEdge = systemEdge,
): Promise<void> {
  await sweptOnce(path, edge)
  // The process id tells later processes whether the writer still runs.
  const name = `.${basename(path)}.${process.pid}-${randomBytes(8).toString('hex')}.tmp`
  const temporary = join(dirname(path), name)
  try {
    await writeInFolder(temporary, text, edge)
    await renameWithRetries(temporary, path, edge)
  } catch (error) {
    // The first error matters; a removal that fails for the same reason adds nothing.
    await edge.remove(temporary).catch(() => {})
    throw error
  }
}
