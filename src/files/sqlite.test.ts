import { expect, test } from 'vitest'
import { openSqlite } from './sqlite.js'

test('a statement finds one row after it found none among all', () => {
  const database = openSqlite(':memory:', 0)
  database.exec('CREATE TABLE rows (n INTEGER PRIMARY KEY)')
  database.command('INSERT INTO rows (n) VALUES (?)')(3)
  const query = database.query<{ readonly n: number }>('SELECT n FROM rows WHERE n = ?')
  expect(query.all(5)).toEqual([])
  expect(query.first(3)?.n).toBe(3)
  database.close()
})
