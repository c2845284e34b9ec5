// Writes the trail: the store, the signed head next to it, and the lock of the server that writes. Runs in a thread of its own
// (background.ts), or in the caller's thread for the commands.
import { type Head, signHead } from './chain.js'
import { ensureOneName, holdWriterLock } from './database.js'
import { type Draft, ownDraft } from './draft.js'
import type { CarriedOut, ErasureRequest } from './erasure-requests.js'
import {
  AuditError,
  codeOf,
  type FileMark,
  loadOrMakeKey,
  markOf,
  readHead,
  setAside,
  writeHead,
} from './files.js'
import { type AuditStore, type Erased, openStore, type Removed } from './store.js'
import type { SubjectName } from './subjects.js'
import type { Warn } from './trust.js'

export type WriterOptions = {
  readonly path: string
  /** `G6_AUDIT_KEY`. */
  readonly key: string | null
  /** Takes the lock, and ends the streams that are still open: they are of a server that crashed. */
  readonly asServer: boolean
  /** With the other servers of a fleet. */
  readonly isShared?: boolean
}

export type Opened = {
  /** Where a key was created just now. */
  readonly keyMadeAt: string | null
  /** Streams that a crash had left without an end. */
  readonly crashed: number
  /** The head does not match the records: one of them was changed from outside. */
  readonly headMismatch: boolean
  /** The mark of the MACs of subjects was removed from outside. */
  readonly sealsRemoved: boolean
  /** Records of the database that vanished before this one, where it does not go on with them. */
  readonly lostRecords: number | null
}

/** What is still known of a database that vanished while it was written. */
export type Vanished = {
  readonly seq: number
  readonly mac: string
  readonly key: Buffer
  /** It is still there, but cut: it must be set aside. */
  readonly isCut: boolean
}

/** `headFault`: why the head was not written; the records are safe, and the next batch writes it. */
export type Appended = { readonly headFault: string | null }

export type AuditWriter = {
  /** Resolves when they are committed and synced; rejects when none is. */
  append(drafts: readonly Draft[]): Promise<Appended>
  /** Rejects with AuditError `vanished` when the database is no longer the one that was opened. */
  check(): Promise<void>
  sweep(beforeMs: number, atMs: number): Promise<Removed>
  erase(names: readonly SubjectName[], atMs: number, warn?: Warn): Promise<Erased>
  requests(nowMs: number): readonly ErasureRequest[]
  carryOut(requests: readonly ErasureRequest[], nowMs: number): Promise<readonly CarriedOut[]>
  /** Null: the database is where it was. */
  vanished(): Vanished | null
  close(): Promise<void>
}

/** Records removed in one transaction, so that batches do not wait long. */
const SWEEP_STEP = 2_000

type OpenWriter = { readonly writer: AuditWriter; readonly opened: Opened }

/** `vanished`: of the writer before. Throws AuditError, and errors of SQLite and of the file system. */
export async function openWriter(
  options: WriterOptions,
  nowMs: () => number = Date.now,
  vanished: Vanished | null = null,
): Promise<OpenWriter> {
  // First of all: a server that may not write leaves no key and no head next to another name of the database.
  const unlock = options.asServer ? lockedAsServer(options.path) : (): void => {}
  try {
    return await openLocked(options, nowMs, vanished, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function openLocked(
  { path, key: configured, asServer, isShared = false }: WriterOptions,
  nowMs: () => number,
  vanished: Vanished | null,
  unlock: () => void,
): Promise<OpenWriter> {
  if (vanished?.isCut) setAside(path, nowMs())
  const { key, madeAt } = loadOrMakeKey(path, configured, vanished?.key)
  const store = openStore(path, key, isShared)
  let lastPut: Promise<void> = Promise.resolve()
  try {
    const sealsRemoved = store.seal(nowMs()) === 'removed'
    const lostRecords = vanished === null ? null : recordVanished(store, vanished, nowMs())
    // The head of a vanished database is no news.
    const headMismatch = vanished === null && (await recordHeadMismatch(store, path, key, nowMs()))
    // After a vanished database the streams still open are this server's own, and go on.
    const crashed = asServer && vanished === null ? store.endOpenStreams(nowMs()) : 0
    await putHead()
    return {
      writer: createWriter(),
      opened: { keyMadeAt: madeAt, crashed, headMismatch, sealsRemoved, lostRecords },
    }
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
    const databaseFile = { file: path, mark: markOf(path) }
    const logFile = { file: `${path}-wal`, mark: markOf(`${path}-wal`) }
    let last = store.records.last()
    let gone: Vanished | null = null

    /** SQLite goes on writing a deleted file, and nobody would ever read those records. */
    function check(...known: readonly { readonly file: string; mark: FileMark | null }[]): void {
      for (const each of known) {
        const now = markOf(each.file)
        const isSame = each.mark === null || now?.id === each.mark.id
        const isCut = each === databaseFile && isSame && (now?.bytes ?? 0) < (each.mark?.bytes ?? 0)
        if (!isSame || isCut) {
          gone = { ...last, key, isCut }
          throw new AuditError(
            'vanished',
            `${each.file} (G6_AUDIT_DB) was deleted, replaced or cut while this server wrote it, after record ${last.seq}; ` +
              'the audit trail is opened again, and its chain says what is missing',
          )
        }
        each.mark = now
      }
    }

    return {
      append: async drafts => {
        check(databaseFile, logFile)
        try {
          store.append(drafts)
        } finally {
          // Again: what went into a file that is gone is written once more, elsewhere.
          check(databaseFile)
        }
        last = store.records.last()
        return { headFault: await putHead().then(() => null, codeOf) }
      },
      check: async () => check(databaseFile, logFile),
      vanished: () => gone,
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
      erase: async (names, atMs, warn) => {
        const erased = store.erase(names, atMs, warn)
        await putHead()
        return erased
      },
      requests: store.requests,
      carryOut: async (requests, nowMs) => {
        check(databaseFile, logFile)
        const answers = store.carryOut(requests, nowMs)
        if (answers.includes('done')) {
          last = store.records.last()
          await putHead()
        }
        return answers
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

/** Where the database does not go on with the records of the vanished one, its chain says what is missing. Returns how many. */
function recordVanished(store: AuditStore, { seq, mac }: Vanished, atMs: number): number | null {
  const last = store.records.last()
  if (last.seq === seq && last.mac === mac) return null
  store.append([ownDraft('audit.vanished', atMs, { lastSeq: seq, lastMac: mac })])
  return seq
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
