// The table `meta`: signed facts about the database as a whole. `key`: which key it was written with. `sealed`: the rows of its
// subjects have MACs.
import type { Database } from '../../files/sqlite.js'
import { signatureOf } from './chain.js'

const NAMES = ['key', 'sealed'] as const
type Name = (typeof NAMES)[number]

export type Meta = {
  /** As it was signed with this key; a changed value is none. */
  has(name: Name): boolean
  set(name: Name): void
  /** What is wrong with the table; null: nothing. */
  fault(): string | null
}

export function createMeta(database: Database, key: Uint8Array): Meta {
  type Row = { readonly name: string; readonly value: string }
  const rows = database.query<Row>('SELECT name, value FROM meta ORDER BY name')
  const put = database.command('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
  const signed = (name: Name): string => signatureOf(key, name, [])
  const has = (name: Name): boolean => rows.all().some(row => row.name === name && row.value === signed(name))
  return {
    has,
    set: name => void put(name, signed(name)),
    fault: () => {
      const wrong = NAMES.find(name => !has(name))
      if (wrong !== undefined) return `the table meta has no "${wrong}" that is signed with this key`
      const unknown = rows.all().length - NAMES.length
      return unknown === 0 ? null : `the table meta has ${unknown} rows that no program wrote`
    },
  }
}
