import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../files/sqlite.js'
import { holdWriterLock, openForReading, openForWriting } from './database.js'

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

describe('a database that is reached by another path', () => {
  function other(kind: string): string {
    const name = join(folder, 'other', 'name.db')
    mkdirSync(dirname(name))
    if (kind === 'a link') symlinkSync(path, name)
    if (kind === 'a linked folder') {
      symlinkSync(folder, join(folder, 'linked'))
      return join(folder, 'linked', 'audit.db')
    }
    if (kind === 'a path with dots') return `${folder}/other/../audit.db`
    if (kind === 'a relative path') return relative(process.cwd(), path)
    return name
  }

  test.each(['a link', 'a linked folder', 'a path with dots', 'a relative path'])(
    '%s, has the same lock',
    kind => {
      writing()
      const unlock = holdWriterLock(path)
      const name = other(kind)
      expect(() => holdWriterLock(name)).toThrow('another server writes the audit trail')
      unlock()
      holdWriterLock(name)()
    },
  )

  test('a hard link is refused for writing, and can be read', () => {
    addMeta(writing(), 'a')
    const name = other('a hard link')
    linkSync(path, name)
    for (const each of [path, name]) {
      expect(() => openForWriting(each)).toThrow('has 2 names (hard links)')
    }
    keep(openForReading(path))
    rmSync(name)
    writing()
  })

  // Mounting needs root.
  test.runIf(process.getuid?.() === 0)(
    'a mounted folder has the same lock; a mounted file is refused',
    () => {
      writing()
      const unlock = holdWriterLock(path)
      keep({ close: unlock })
      const place = join(folder, 'a mount')
      mkdirSync(place)
      execFileSync('mount', ['--bind', folder, place])
      try {
        expect(() => holdWriterLock(join(place, 'audit.db'))).toThrow('another server writes')
      } finally {
        execFileSync('umount', ['--lazy', place])
      }
      const file = join(place, 'audit.db')
      writeFileSync(file, '')
      execFileSync('mount', ['--bind', path, file])
      try {
        expect(() => openForWriting(file)).toThrow('is mounted as a single file')
      } finally {
        execFileSync('umount', ['--lazy', file])
      }
    },
  )

  test('a link in the place of the lock is not followed', () => {
    symlinkSync(join(folder, 'elsewhere'), `${path}.lock`)
    expect(() => holdWriterLock(path)).toThrow('is a link')
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
  })
})
