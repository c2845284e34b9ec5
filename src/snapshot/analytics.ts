// Analytics of a status: one put-call ratio for all and max pain by index (`analytics.max_pain.NIFTY`), or a map for each index
// (`analytics.NIFTY.pcr`) with the same for each of its expiries. Put-call ratio and volatility by index may also be maps.
import type { Notes } from './notes.js'
import type { Status } from './reading.js'
import type { IndexAnalytics, Snapshot } from './snapshot.js'
import {
  emptyRecord,
  isSafeName,
  type JsonMap,
  keptName,
  map,
  measured,
  member,
  number,
  type Reader,
} from './value.js'

/** The same limit as for indices. */
const MAX_NAMES = 1_000
/** Expiries kept of one index, and of all together: the first of the status. */
const MAX_EXPIRIES = 50
const MAX_ALL_EXPIRIES = 1_000

function value(of: JsonMap, key: string, read: Reader<number>, path: string, notes: Notes): number | null {
  const given = member(of, key)
  if (given === undefined || given === null) return null
  const found = read(given, notes.zone)
  if (found === null) notes.unread(`${path}.${key}`, given)
  return found ?? null
}

/** How many more expiries are kept, and how many were not. */
type ExpiryRoom = { left: number; omitted: number }

function ofIndex(name: string, given: JsonMap, room: ExpiryRoom, notes: Notes): IndexAnalytics {
  const path = `analytics.${name}`
  const expiries: IndexAnalytics['expiries'][number][] = []
  for (const [expiry, values] of Object.entries(map(member(given, 'expiries')) ?? {})) {
    const of = map(values)
    if (of === null) continue
    if (expiries.length === MAX_EXPIRIES || room.left === 0) {
      room.omitted++
      continue
    }
    room.left--
    const at = `${path}.expiries.${expiry}`
    expiries.push({
      expiry: keptName(expiry),
      pcr: value(of, 'pcr', number, at, notes),
      maxPain: value(of, 'max_pain', number, at, notes),
      // An option without volatility has no price: a writer gives 0 when it does not know the volatility.
      iv: value(of, 'iv', measured, at, notes),
    })
  }
  return {
    name: keptName(name),
    pcr: value(given, 'pcr', number, path, notes),
    maxPain: value(given, 'max_pain', number, path, notes),
    iv: value(given, 'iv', measured, path, notes),
    expiries,
  }
}

/** The shared maps: values by index, under the name of the value. */
const BY_INDEX = ['pcr', 'max_pain', 'iv']
const MEMBERS = [...BY_INDEX, 'expiries']

export function analyticsOf(status: Status, notes: Notes): Snapshot['analytics'] {
  const analytics = map(member(status, 'analytics'))
  const maxPain = emptyRecord<number>()
  if (analytics === null) return { pcr: null, maxPain, byIndex: [] }
  const byName = new Map<string, Record<string, unknown>>()
  const omitted = new Set<string>()
  const noted = (name: string): Record<string, unknown> | null => {
    if (!isSafeName(name)) return null
    if (!byName.has(name) && byName.size === MAX_NAMES) {
      omitted.add(name)
      return null
    }
    const known = byName.get(name) ?? emptyRecord<unknown>()
    byName.set(name, known)
    return known
  }
  for (const key of BY_INDEX) {
    for (const [name, given] of Object.entries(map(member(analytics, key)) ?? {})) {
      const values = noted(name)
      if (values !== null) values[key] = given
    }
  }
  for (const [name, given] of Object.entries(analytics)) {
    const own = BY_INDEX.includes(name) ? null : map(given)
    if (own === null || !MEMBERS.some(key => Object.hasOwn(own, key))) continue
    const values = noted(name)
    if (values === null) continue
    for (const key of MEMBERS) if (Object.hasOwn(own, key)) values[key] ??= own[key]
  }
  const room: ExpiryRoom = { left: MAX_ALL_EXPIRIES, omitted: 0 }
  const byIndex = Array.from(byName, ([name, given]) => ofIndex(name, given, room, notes))
  notes.omit('analytics', omitted.size)
  notes.omit('analytics.expiries', room.omitted)
  for (const index of byIndex) if (index.maxPain !== null) maxPain[index.name] = index.maxPain
  if (byIndex.length > 0) notes.origins['analytics.byIndex'] = 'analytics'
  const pcr =
    map(member(analytics, 'pcr')) === null ? value(analytics, 'pcr', number, 'analytics', notes) : null
  if (pcr !== null) notes.origins['analytics.pcr'] = 'analytics.pcr'
  if (map(member(analytics, 'max_pain')) !== null) notes.origins['analytics.maxPain'] = 'analytics.max_pain'
  return { pcr, maxPain, byIndex: byIndex.filter(hasMore) }
}

/** Whether it has more than max pain, which the snapshot has elsewhere. */
function hasMore({ pcr, iv, expiries }: IndexAnalytics): boolean {
  return pcr !== null || iv !== null || expiries.length > 0
}
