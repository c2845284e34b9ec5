// Text kinds: switches, text, choices, paths, lists, time zones.
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'

type TextOr<D> = string | (D & null)

const ON = new Set(['1', 'true', 'yes', 'on'])
const OFF = new Set(['0', 'false', 'no', 'off'])

/** A scalar in lower case; empty for lists and tables. */
const wordOf = (raw: unknown): string => (typeof raw === 'object' ? '' : String(raw).toLowerCase())

/** On or off; with a default of null, unset is a third value. */
export function bool<D extends boolean | null>(byDefault: D, about: About): Setting<boolean | (D & null)> {
  const parse = (raw: unknown): Parsed<boolean> => {
    const word = wordOf(raw)
    return ON.has(word) ? good(true) : OFF.has(word) ? good(false) : bad()
  }
  const allowed = '1, true, yes, on, 0, false, no or off'
  const schema = { type: 'boolean' }
  return declare<boolean | (D & null)>({ kind: 'bool', default: byDefault, allowed, schema, parse }, about)
}

type TextRule = { readonly pattern?: RegExp; readonly allowed?: string }

/** One text, which must match the pattern if there is one. */
export function text<D extends string | null>(byDefault: D, about: About & TextRule): Setting<TextOr<D>> {
  const parse = (raw: unknown): Parsed<string> =>
    typeof raw === 'string' && (about.pattern?.test(raw) ?? true) ? good(raw) : bad()
  const schema = { type: 'string', ...(about.pattern && { pattern: about.pattern.source }) }
  const allowed = about.allowed ?? 'a text'
  return declare<TextOr<D>>({ kind: 'text', default: byDefault, allowed, schema, parse }, about)
}

/** A path, relative to the working directory. */
export function path<D extends string | null>(byDefault: D, about: About): Setting<TextOr<D>> {
  const parse = (raw: unknown): Parsed<string> =>
    typeof raw === 'string' && !raw.includes('\0') ? good(raw) : bad()
  const schema = { type: 'string', minLength: 1 }
  return declare<TextOr<D>>({ kind: 'path', default: byDefault, allowed: 'a path', schema, parse }, about)
}

type ChoiceRule<W> = {
  readonly of: readonly W[]
  /** Other words for some of the choices. */
  readonly also?: Readonly<Record<string, W>>
}

/** One of a few words, in any case. */
export function choice<const W extends string, D extends NoInfer<W> | null>(
  byDefault: D,
  about: About & ChoiceRule<W>,
): Setting<W | (D & null)> {
  const parse = (raw: unknown): Parsed<W> => {
    const word = wordOf(raw)
    const other = Object.entries(about.also ?? {}).find(([w]) => w === word)?.[1]
    const found = about.of.find(w => w === word) ?? other
    return found === undefined ? bad() : good(found)
  }
  const allowed = `one of ${about.of.join(', ')}`
  const schema = { enum: [...about.of] }
  return declare<W | (D & null)>({ kind: 'choice', default: byDefault, allowed, schema, parse }, about)
}

/** The items of an array of texts (settings file) or of one text, separated by commas; null for anything else. */
export function itemsOf(raw: unknown, separator = ','): readonly string[] | null {
  const items = typeof raw === 'string' ? raw.split(separator) : raw
  if (!Array.isArray(items)) return null
  const texts = items.filter(item => typeof item === 'string')
  return texts.length === items.length ? texts.map(t => t.trim()).filter(t => t !== '') : null
}

export const LIST_SCHEMA = { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] }

type ListRule = {
  /** What an item must look like. */
  readonly item?: { readonly pattern: RegExp; readonly allowed: string }
  /** The items that have an effect; others are kept, with a warning. */
  readonly known?: readonly string[]
  /** Where items may have commas. */
  readonly separator?: string
  readonly most?: number
}

/** Several texts, separated by commas; in the file an array. */
export function list(byDefault: readonly string[], about: About & ListRule): Setting<readonly string[]> {
  const { item, known, separator, most = Number.POSITIVE_INFINITY } = about
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw, separator)
    if (items === null) return bad()
    if (items.length > most) return bad(`it has ${items.length} items`)
    const wrong = items.findIndex(i => item !== undefined && !item.pattern.test(i))
    if (wrong >= 0) return bad(`item ${wrong + 1} is not ${item?.allowed ?? 'allowed'}`)
    const strange = items.filter(i => known !== undefined && !known.includes(i))
    return good(
      items,
      strange.map(i => `${JSON.stringify(i)} changes nothing; known are ${(known ?? []).join(', ')}`),
    )
  }
  const kind =
    separator === undefined ? 'a comma-separated list' : `a list separated by ${JSON.stringify(separator)}`
  const each = item === undefined ? '' : `, each ${item.allowed}`
  const allowed = `${kind}${about.most === undefined ? '' : ` of up to ${most}`}${each}`
  return declare({ kind: 'list', default: byDefault, allowed, schema: LIST_SCHEMA, parse }, about)
}

/** An IANA time zone or an offset, as the platform's own tables know it. */
export function timezone<D extends string | null>(byDefault: D, about: About): Setting<TextOr<D>> {
  const parse = (raw: unknown): Parsed<string> => {
    if (typeof raw !== 'string') return bad()
    try {
      new Intl.DateTimeFormat('en', { timeZone: raw })
      return good(raw)
    } catch (error) {
      if (error instanceof RangeError) return bad()
      throw error
    }
  }
  const allowed = 'a time zone like Asia/Kolkata, Europe/Berlin or UTC'
  return declare<TextOr<D>>(
    { kind: 'timezone', default: byDefault, allowed, schema: { type: 'string', minLength: 1 }, parse },
    about,
  )
}
