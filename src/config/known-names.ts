// Which names exist in the environment and in the file, which ones belong to other programs, and which one was probably meant.
import { nearest } from './nearest.js'
import { RETIRED } from './retired.js'
import { dynamicPrefixOf, fileKeyOf, secretFileNameOf } from './setting.js'
import { SETTINGS } from './settings.js'

const PREFIXES: readonly string[] = SETTINGS.flatMap(({ name }) => dynamicPrefixOf(name) ?? [])

/** What may be set: settings, their other names, and the `NAME_FILE` of secrets. */
const NAMES: readonly string[] = SETTINGS.filter(({ name }) => dynamicPrefixOf(name) === null).flatMap(
  ({ name, setting }) =>
    [name, ...setting.aliases.map(a => a.name)].flatMap(n =>
      setting.secret ? [n, secretFileNameOf(n)] : [n],
    ),
)

const RETIRED_NAMES: readonly string[] = RETIRED.map(r => r.name)
const ALL = new Set([...NAMES, ...RETIRED_NAMES])
// The first name of a key wins: an alias may have the same key as the setting itself (G6_LOG_LEVEL, LOG_LEVEL).
const BY_KEY = new Map([...NAMES, ...RETIRED_NAMES].reverse().map(name => [fileKeyOf(name), name]))

/** The one table of the settings file: `pass` in `[relay]` is `relay_pass`, and each `[[relay.backend]]` one of `relay_backends`. */
export const FILE_TABLE = 'relay'
const PLURALS: Readonly<Record<string, string>> = { backend: 'backends', route: 'routes' }

/** `relay.pass` → `relay_pass`, `relay.backend` → `relay_backends`; other keys stay. */
function flatKeyOf(key: string): string {
  const inner = key.startsWith(`${FILE_TABLE}.`) ? key.slice(FILE_TABLE.length + 1) : null
  if (inner === null) return key
  return `${FILE_TABLE}_${Object.hasOwn(PLURALS, inner) ? PLURALS[inner] : inner}`
}

/** How the keys of `[relay]` are spelled there, with their names. */
export function tableKeys(names: readonly string[]): readonly (readonly [key: string, name: string])[] {
  const singular = new Map(Object.entries(PLURALS).map(([one, many]) => [many, one]))
  return names
    .filter(name => fileKeyOf(name).startsWith(`${FILE_TABLE}_`))
    .map(name => {
      const inner = fileKeyOf(name).slice(FILE_TABLE.length + 1)
      return [singular.get(inner) ?? inner, name]
    })
}

const ofMany = (name: string): boolean => PREFIXES.some(p => name.startsWith(p) && name.length > p.length)

export const isKnownName = (name: string): boolean => ALL.has(name) || ofMany(name)

/** The name of a key of the settings file; null for an unknown key. */
export function nameOfFileKey(key: string): string | null {
  const name = `G6_${key.toUpperCase()}`
  if (key === key.toLowerCase() && ofMany(name)) return name
  return BY_KEY.get(flatKeyOf(key)) ?? null
}

/** The name that differs least; null when none is near. Retired names are never proposed. */
export const nearestName = (name: string): string | null => nearest(name.toUpperCase(), NAMES)

/** Whether it is a setting, or a variable of the platform's other programs that is no misspelt setting. */
export const isPlatformName = (name: string): boolean =>
  isKnownName(name) || (isForeignName(name) && nearestName(name) === null)

/** The file key that differs least; null when none is near. */
export function nearestKey(key: string): string | null {
  const inner = key.startsWith(`${FILE_TABLE}.`) ? key.slice(FILE_TABLE.length + 1) : null
  if (inner === null) return nearest(fileKeyOf(key.toUpperCase()), NAMES.map(fileKeyOf))
  const meant = nearest(
    inner.toLowerCase(),
    tableKeys(NAMES).map(([known]) => known),
  )
  return meant === null ? null : `${FILE_TABLE}.${meant}`
}

// Variables of the G6 platform's other programs (collector, tools, web dashboard) often share one environment with this program. One
// note lists those that are set; a warning for each would hide what is really wrong.

/** The areas of this program: an unknown name here is a mistake. */
const OWN = /^G6_(SUMMARY|SSE|PANELS?|UNIFIED|CHAT|AUDIT|RELAY)_/
/** The collector's differences, which share their first word with the panels of the terminal. */
const COLLECTORS = /^G6_PANEL_DIFFS?(_|$)/

/** For a `G6_` name that is neither a setting nor close to one. */
export const isForeignName = (name: string): boolean => !OWN.test(name) || COLLECTORS.test(name)

/** Names listed in the note; more are counted. */
const LISTED = 8

/** One sentence about all of them; null for none. */
export function foreignNote(names: readonly string[]): string | null {
  if (names.length === 0) return null
  const listed = names.slice(0, LISTED).join(', ')
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `not settings of this program and without effect on it: ${listed}${more}`
}
