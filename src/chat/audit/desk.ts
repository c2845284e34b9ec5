// Where records are written: the store, the signed head beside it, and the lock that says that this server writes. Runs
// in a thread of its own (writer-thread.ts), or in the caller's where that does not matter.
import { type Head, signHead } from './check-chain.js'
import type { SubjectName } from './commitment.js'
import { holdWriterLock } from './database.js'
import { type Draft, ownDraft } from './draft.js'
import { codeOf } from './errors.js'
import { readHead, writeHead } from './head-file.js'
import { loadOrMakeKey } from './key.js'
import { type AuditStore, type Erased, openStore, type Swept } from './store.js'

export type DeskOptions = {
  readonly path: string
  /** `G6_AUDIT_KEY`. */
  readonly key: string | null
  /** The desk of a server: alone, and streams that are open belong to a server that is no more. */
  readonly asServer: boolean
}

export type Opened = {
  /** Where a key was made just now. */
  readonly keyMadeAt: string | null
  /** Streams that a crash had left without an end. */
  readonly crashed: number
  /** The head beside the database is not that of the records: somebody has changed one of them. */
  readonly headMismatch: boolean
}

/** `headFault`: what kept the head from being written; the records are safe, and the next batch writes it. */
export type Appended = { readonly headFault: string | null }

export type AuditDesk = {
  /** Resolves when they are committed and synced; rejects when none is. */
  append(drafts: readonly Draft[]): Promise<Appended>
  sweep(beforeMs: number, atMs: number): Promise<Swept>
  erase(names: readonly SubjectName[], atMs: number): Promise<Erased>
  close(): Promise<void>
}

/** Records removed in one transaction, so that batches need not wait long. */
const SWEEP_STEP = 2_000

/** Throws AuditError, or what SQLite or the file system says. */
export async function openDesk(
  options: DeskOptions,
  nowMs: () => number = Date.now,
): Promise<{ readonly desk: AuditDesk; readonly opened: Opened }> {
  const { path, asServer } = options
  const { key, madeAt } = loadOrMakeKey(path, options.key)
  const store = openStore(path, key)
  let unlock = (): void => {}
  let lastPut: Promise<void> = Promise.resolve()
  try {
    if (asServer) unlock = holdWriterLock(path)
    const headMismatch = await recordHeadMismatch(store, path, key, nowMs())
    const crashed = asServer ? store.endOpenStreams(nowMs()) : 0
    await putHead()
    return { desk: createDesk(), opened: { keyMadeAt: madeAt, crashed, headMismatch } }
  } catch (error) {
    unlock()
    store.close()
    throw error
  }

  async function writeNewest(): Promise<void> {
    const { seq, mac } = store.records.last()
    await writeHead(path, signHead(key, { count: seq, mac, atMs: nowMs() }))
  }

  /** One after the other, so that the newest stays. */
  function putHead(): Promise<void> {
    const written = lastPut.then(writeNewest)
    lastPut = written.catch(() => {})
    return written
  }

  function createDesk(): AuditDesk {
    return {
      append: async drafts => {
        store.append(drafts)
        const headFault = await putHead().then(() => null, codeOf)
        return { headFault }
      },
      sweep: async (beforeMs, atMs) => {
        let records = 0
        let subjects = 0
        for (;;) {
          const swept = store.sweep(beforeMs, atMs, SWEEP_STEP)
          records += swept.records
          subjects += swept.subjects
          if (swept.records < SWEEP_STEP) break
          // Batches that wait come in between.
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

/** A head that cannot be of these records is no reason to stop, but it is never simply overwritten: the chain tells it. */
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
  const why = head === null ? 'missing' : judge(head)
  if (why === null) return false
  store.append([ownDraft('audit.head_mismatch', atMs, { why, headCount: head?.count ?? null, lastSeq: seq })])
  return true

  function judge(found: Head): 'forged' | 'ahead' | 'other' | null {
    if (signHead(key, found).signature !== found.signature) return 'forged'
    if (found.count > seq) return 'ahead'
    const [record] = store.records.from(found.count)
    const checkpoint = store.records.checkpoint()
    const mac =
      record?.seq === found.count
        ? record.mac
        : checkpoint?.throughSeq === found.count
          ? checkpoint.mac
          : null
    return found.count > 0 && mac !== null && mac !== found.mac ? 'other' : null
  }
}
