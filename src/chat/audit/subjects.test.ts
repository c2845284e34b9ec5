import { afterEach, beforeEach, expect, test } from 'vitest'
import { auditTrail } from '../../../test/support/audit-trail.js'
import type { Database } from '../../files/sqlite.js'
import { openForWriting } from './database.js'
import { createSubjects, type Subjects } from './subjects.js'

const HOUR_MS = 3_600_000
const trail = auditTrail()
const ANN = { kind: 'person', text: 'iss|ann' } as const
const MAIL = { kind: 'name', text: 'ann@example.org' } as const

let database: Database
let subjects: Subjects
beforeEach(() => {
  database = openForWriting(trail.path)
  subjects = createSubjects(database, Buffer.alloc(32, 1))
})
afterEach(() => database.close())

const lastUsedMs = () =>
  database
    .query<{ readonly at: number }>('SELECT last_used_ms AS at FROM subjects')
    .all()
    .map(({ at }) => at)

test('a subject is found by its first name and gets the others besides', () => {
  const { mac, ...made } = subjects.of([ANN], 0)
  const again = subjects.of([ANN, MAIL], 1)
  expect(again).toMatchObject(made)
  expect(new Set([mac, again.mac, null]).size).toBe(3)
  expect(subjects.of([ANN, MAIL], 1)).toEqual({ ...made, mac: null })
  expect(subjects.find(MAIL)).toEqual([made.ref])
  expect(subjects.byRef(made.ref).salt).toEqual(made.salt)
  expect(subjects.of([MAIL], 2).ref).toBe(made.ref)
})

test('the time of its last use is written again after more than an hour, not with each record', () => {
  subjects.of([ANN], 0)
  subjects.of([ANN], HOUR_MS)
  expect(lastUsedMs()).toEqual([0])
  subjects.of([ANN], HOUR_MS + 1)
  expect(lastUsedMs()).toEqual([HOUR_MS + 1])
})

test('one that was erased is a reference without a salt, and found by no name', () => {
  const { ref } = subjects.of([ANN, MAIL], 0)
  subjects.erase(ref)
  expect(subjects.byRef(ref)).toEqual({ ref, salt: null, mac: null })
  expect([subjects.find(ANN), subjects.find(MAIL)]).toEqual([[], []])
  expect(subjects.of([ANN], 1).ref).not.toBe(ref)
})

test('a sweep takes those last used before, with all their names, and no others', () => {
  subjects.of([ANN, MAIL], 10)
  const bob = subjects.of([{ kind: 'person', text: 'iss|bob' }], 20)
  expect(subjects.sweep(10)).toBe(0)
  expect(subjects.sweep(20)).toBe(1)
  expect([subjects.find(ANN), subjects.find(MAIL)]).toEqual([[], []])
  expect(subjects.byRef(bob.ref).salt).toEqual(bob.salt)
  expect(database.query('SELECT lookup FROM lookups').all()).toHaveLength(1)
})
