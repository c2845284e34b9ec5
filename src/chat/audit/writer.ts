// Writes the trail: the store, the signed head next to it, and the lock of the server that writes. Runs in a thread of its own
// (background.ts), or in the caller's thread for the commands.
import { type Head, signHead } from './chain.js'
import { ensureOneName, holdWriterLock } from './database.js'
import { type Draft, ownDraft } from './draft.js'
import { codeOf, loadOrMakeKey, readHead, writeHead } from './files.js'
import { type AuditStore, openStore, type Removed } from './store.js'
import type { SubjectName } from './subjects.js'

export type WriterOptions = {
  readonly path: string
  /** `G6_AUDIT_KEY`. */
  readonly key: string | null
  /** Takes the lock, and ends the streams that are still open: they are of a server that crashed. */
  readonly asServer: boolean
}

export type Opened = {
  /** Where a key was created just now. */
  readonly keyMadeAt: string | null
  /** Streams that a crash had left without an end. */
  readonly crashed: number
  /** The head does not match the records: one of them was changed from outside. */
  readonly headMismatch: boolean
}

/** `headFault`: why the head was not written; the records are safe, and the next batch writes it. */
export type Appended = { readonly headFault: string | null }

export type AuditWriter = {
  /** Resolves when they are committed and synced; rejects when none is. */
  append(drafts: readonly Draft[]): Promise<Appended>
  sweep(beforeMs: number, atMs: number): Promise<Removed>
  erase(names: readonly SubjectName[], atMs: number): Promise<Removed>
  close(): Promise<void>
}

/** Records removed in one transaction, so that batches do not wait long. */
const SWEEP_STEP = 2_000

type OpenWriter = { readonly writer: AuditWriter; readonly opened: Opened }

/** Throws AuditError, and errors of SQLite and of the file system. */
export async function openWriter(
  options: WriterOptions,
  nowMs: () => number = Date.now,
): Promise<OpenWriter> {
  // First of all: a server that may not write leaves no key and no head next to another name of the database.
  const unlock = options.asServer ? lockedAsServer(options.path) : (): void => {}
  try {
    return await openLocked(options, nowMs, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function openLocked(
  { path, key: configured, asServer }: WriterOptions,
  nowMs: () => number,
  unlock: () => void,
): Promise<OpenWriter> {
  const { key, madeAt } = loadOrMakeKey(path, configured)
  const store = openStore(path, key)
  let lastPut: Promise<void> = Promise.resolve()
  try {
    const headMismatch = await recordHeadMismatch(store, path, key, nowMs())
    const crashed = asServer ? store.endOpenStreams(nowMs()) : 0
    await putHead()
    return { writer: createWriter(), opened: { keyMadeAt: madeAt, crashed, headMismatch } }
  } catch (error) {
    store.close()
    throw error
  }

  /** One at a time, so that the newest head remains. */
  function putHead(): Promise<void> {
    const written = lastPut.then(() => {
      const { seq, mac } = store.records.last()
      return writeHead(path, signHead(key, { count: seq, mac, atMs: nowMs() }))
    })
    // The caller gets the error; the next head does not depend on it.
    lastPut = written.catch(() => {})
    return written
  }

  function createWriter(): AuditWriter {
    return {
      append: async drafts => {
        store.append(drafts)
        return { headFault: await putHead().then(() => null, codeOf) }
      },
      sweep: async (beforeMs, atMs) => {
        let records = 0
        let subjects = 0
        for (;;) {
          const swept = store.sweep(beforeMs, atMs, SWEEP_STEP)
          records += swept.records
          subjects += swept.subjects
          if (swept.records < SWEEP_STEP) break
          // Lets waiting batches in between.
          await new Promise(resolve => setImmediate(resolve))
        }
        if (records > 0) await putHead()
        return { records, subjects }
      },
      erase: async (names, atMs) => {
        const erased = store.erase(names, atMs)
        await putHead()
        return erased
      },
      close: async () => {
        await lastPut
        store.close()
        unlock()
      },
    }
  }
}

function lockedAsServer(path: string): () => void {
  ensureOneName(path)
  return holdWriterLock(path)
}

/** A head that does not match the records does not stop the server, but before it is overwritten the chain records it. */
async function recordHeadMismatch(
  store: AuditStore,
  path: string,
  key: Uint8Array,
  atMs: number,
): Promise<boolean> {
  const head = await readHead(path)
  const { seq } = store.records.last()
  // A database gets its head before its first record.
  if (head === null && seq === 0) return false
  const why = head === null ? 'missing' : mismatchOf(store, key, head)
  if (why === null) return false
  store.append([ownDraft('audit.head_mismatch', atMs, { why, headCount: head?.count ?? null, lastSeq: seq })])
  return true
}

function mismatchOf(
  { records }: AuditStore,
  key: Uint8Array,
  head: Head,
): 'forged' | 'ahead' | 'other' | null {
  if (signHead(key, head).signature !== head.signature) return 'forged'
  if (head.count > records.last().seq) return 'ahead'
  const [record] = records.from(head.count)
  const checkpoint = records.checkpoint()
  let mac: string | null = null
  if (record?.seq === head.count) mac = record.mac
  else if (checkpoint?.throughSeq === head.count) mac = checkpoint.mac
  return head.count > 0 && mac !== null && mac !== head.mac ? 'other' : null
}
