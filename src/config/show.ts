// How a value is shown to a person or a program. It never shows any part of a secret.
import type { Setting } from './setting.js'

export const MASK = '••••'
const NOTHING = '—'
const MAX_SHOWN_CHARS = 120

/** Removes user name and password from a possible URL; up to the last `@`, since a password may contain any character. */
function withoutUser(text: string): string {
  const from = text.indexOf(':')
  const to = text.lastIndexOf('@')
  return from === -1 || to < from ? text : `${text.slice(0, from)}://${MASK}${text.slice(to)}`
}

/** Removes query and fragment too, which often hold tokens. */
const withoutCredentials = (text: string): string => withoutUser(text).replace(/[?#].+/s, `?${MASK}`)

const isUrlKind = (setting: Setting<unknown>): boolean =>
  ['url', 'url list', 'origin list'].includes(setting.kind)

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)

/** A usable value as JSON; `••••` for a secret that is set. */
export function jsonOf(setting: Setting<unknown>, value: unknown): unknown {
  if (setting.secret) return isEmpty(value) ? null : MASK
  if (setting.kind === 'tables') return Array.isArray(value) ? value.map(nameOfRow) : value
  if (!isUrlKind(setting)) return value
  if (typeof value === 'string') return withoutCredentials(value)
  return Array.isArray(value) ? value.map(v => withoutCredentials(String(v))) : value
}

/** A row is shown by its name alone: its URLs and keys may hold secrets. */
function nameOfRow(row: unknown): string {
  if (typeof row !== 'object' || row === null) return MASK
  const name = 'name' in row ? row.name : 'path' in row ? row.path : 'reason' in row ? row.reason : null
  return typeof name === 'string' ? name : MASK
}

/** A usable value in one line: `on`, `20/60`, `a, b`, `indices=50`, `—` for none. */
export function textOf(setting: Setting<unknown>, value: unknown): string {
  const shown = jsonOf(setting, value)
  if (isEmpty(shown)) return NOTHING
  if (typeof shown === 'boolean') return shown ? 'on' : 'off'
  if (Array.isArray(shown)) return printable(shown.join(', '))
  if (typeof shown !== 'object' || shown === null) return printable(String(shown))
  if ('count' in shown && 'windowSec' in shown) return `${shown.count}/${shown.windowSec}`
  return printable(
    Object.entries(shown)
      .map(([name, number]) => `${name}=${number}`)
      .join(', '),
  )
}

/** The same with its unit. */
export function measuredText(setting: Setting<unknown>, value: unknown): string {
  const text = textOf(setting, value)
  return setting.unit === null || typeof value !== 'number' ? text : `${text} ${setting.unit}`
}

/** An unusable value, for an error. */
export function rejectedText(setting: Setting<unknown>, raw: unknown): string {
  if (setting.secret || setting.kind === 'tables') return MASK
  const clean = isUrlKind(setting) ? withoutCredentials : withoutUser
  return printable(typeof raw === 'string' ? JSON.stringify(clean(raw)) : clean(describeRaw(raw)))
}

function describeRaw(raw: unknown): string {
  if (raw instanceof Date) return 'a date'
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return 'a table'
  return JSON.stringify(raw) ?? String(raw)
}

/** One short line without control or invisible characters. */
export function printable(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '�')
  return clean.length <= MAX_SHOWN_CHARS ? clean : `${clean.slice(0, MAX_SHOWN_CHARS)}…`
}
