import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, holdWriterLock, openForReading, openForWriting } from './database.js'

let folder: string
let path: string
let opened: { close(): void }[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-audit-db-'))
  path = join(folder, 'audit.db')
  opened = []
})
afterEach(() => {
  for (const each of opened) each.close()
  rmSync(folder, { recursive: true })
})

function keep<T extends { close(): void }>(database: T): T {
  opened.push(database)
  return database
}
const writing = (): Database => keep(openForWriting(path))
/** Another process, which does not wait. */
const another = () => keep(new Sqlite(path, { timeout: 0 }))
const addMeta = (database: Database, name: string) =>
  database.command('INSERT INTO meta (name, value) VALUES (?, ?)')(name, 'v')
const metaNames = (database: Database) =>
  database.query<{ readonly name: string }>('SELECT name FROM meta ORDER BY name').all()

test('a commit is synced, what is deleted is overwritten, and others are waited for', () => {
  const database = writing()
  const setting = (name: string) =>
    Object.values(database.query<Record<string, unknown>>(`PRAGMA ${name}`).first() ?? {})[0]
  expect(setting('journal_mode')).toBe('wal')
  // 2: FULL.
  expect(setting('synchronous')).toBe(2)
  expect(setting('secure_delete')).toBe(1)
  expect(setting('busy_timeout')).toBe(5_000)
})

test('a new database is its owner’s alone', () => {
  writing()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a transaction has the write lock before its first statement, and gives it back', () => {
  const database = writing()
  const other = another()
  database.transaction(() => {
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow(/locked|busy/i)
  })
  other.exec('BEGIN IMMEDIATE')
  other.exec('ROLLBACK')
})

test('a transaction that throws leaves nothing of it, and the next one works', () => {
  const database = writing()
  const failing = () =>
    database.transaction(() => {
      addMeta(database, 'a')
      throw new Error('halfway')
    })
  expect(failing).toThrow('halfway')
  database.transaction(() => addMeta(database, 'b'))
  expect(metaNames(database)).toEqual([{ name: 'b' }])
})

test('a transaction that is open when the database is closed ends, though a statement of it is still held', () => {
  const database = openForWriting(path)
  const add = database.command('INSERT INTO meta (name, value) VALUES (?, ?)')
  database.exec('BEGIN IMMEDIATE')
  add('a', 'v')
  database.close()
  expect(metaNames(writing())).toEqual([])
  another().exec('BEGIN IMMEDIATE')
  expect(add).toBeTypeOf('function')
})

test('a reader sees what is committed, and can change nothing', () => {
  const database = writing()
  addMeta(database, 'a')
  const reader = keep(openForReading(path))
  expect(metaNames(reader)).toEqual([{ name: 'a' }])
  expect(() => addMeta(reader, 'b')).toThrow(/readonly/i)
})

test('a database that is missing is named, and none is made', () => {
  expect(() => openForReading(path)).toThrow(`there is no audit trail at ${path} (G6_AUDIT_DB)`)
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
})

test('only one process has the writer’s lock, until it releases it', () => {
  const unlock = holdWriterLock(path)
  expect(() => holdWriterLock(path)).toThrow(`another server writes the audit trail ${path} (G6_AUDIT_DB)`)
  unlock()
  holdWriterLock(path)()
})
