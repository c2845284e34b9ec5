// The functions of JMESPath (community edition). They differ from the specification in one point, because documents lack members
// all the time: a function of a missing value gives a missing value, and missing items of a list are left out, where JMESPath fails.
import { emptyRecord } from '../snapshot/value.js'
import { type Budget, EvaluationError, MAX_CHARS } from './budget.js'
import {
  isEqual,
  isObject,
  isReference,
  type JsonObject,
  kindOf,
  measured,
  type Reference,
} from './json-value.js'

/** What an argument may be: text, number, list, object, `&expression`, or any. `texts`, `numbers`: lists of these. */
type Kind = 'text' | 'number' | 'list' | 'object' | 'reference' | 'any' | 'texts' | 'numbers' | 'lists'

type Signature = {
  /** One entry an argument: the kinds it may have. */
  readonly takes: readonly (readonly Kind[])[]
  /** How many of them must be given; default: all. */
  readonly least?: number
  /** The last one may be repeated. */
  readonly isVariadic?: true
  /** Arguments are checked, without missing items in lists, and not null unless `any`. */
  readonly call: (args: never, budget: Budget) => unknown
}

const NAMES: Readonly<Record<Kind, string>> = {
  text: 'text',
  number: 'a number',
  list: 'a list',
  object: 'an object',
  reference: 'an expression like &name',
  any: 'any value',
  texts: 'a list of texts',
  numbers: 'a list of numbers',
  lists: 'a list of lists',
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return isText(value)
    case 'number':
      return isNumber(value)
    case 'list':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'reference':
      return isReference(value)
    case 'texts':
      return Array.isArray(value) && value.every(isText)
    case 'numbers':
      return Array.isArray(value) && value.every(isNumber)
    case 'lists':
      return Array.isArray(value) && value.every(Array.isArray)
    case 'any':
      return !isReference(value)
  }
}

const isListKind = (kind: Kind): boolean => kind === 'texts' || kind === 'numbers' || kind === 'lists'

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** By number or by text; missing keys come last; of equal ones the first stays first. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return rank(a) - rank(b)
}

function rank(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return 0
    case 'string':
      return 1
    case 'boolean':
      return 2
    default:
      return 3
  }
}

/** n log n comparisons. */
export function spendSort(count: number, budget: Budget): void {
  budget.spend(Math.ceil(count * Math.log2(count + 1)))
}

function sorted(items: readonly unknown[], keys: readonly unknown[], budget: Budget): unknown[] {
  spendSort(items.length, budget)
  const order = items.map((_, i) => i).sort((i, j) => compareValues(keys[i], keys[j]))
  return order.map(i => items[i])
}

/** The item with the least key, or with the greatest for `sign` -1; missing keys do not count. */
function extreme(items: readonly unknown[], keyOf: (item: unknown) => unknown, sign: 1 | -1): unknown {
  let best: unknown = null
  let bestKey: unknown = null
  for (let at = 0; at < items.length; at++) {
    const item = items[at]
    const key = keyOf(item)
    if (key === null || rank(key) === 3) continue
    if (bestKey === null || sign * compareValues(key, bestKey) < 0) {
      best = item
      bestKey = key
    }
  }
  return best
}

const itself = (item: unknown): unknown => item

function finder(last: boolean): Signature {
  return {
    takes: [['text'], ['text'], ['number'], ['number']],
    least: 2,
    call: ([text, wanted, from = 0, to]: readonly [string, string, number?, number?], budget) => {
      budget.spendChars(text.length)
      if (text === '' || wanted === '') return null
      const start = Math.max(0, Math.trunc(from))
      const part = text.slice(start, to === undefined ? undefined : Math.max(0, Math.trunc(to)))
      const at = last ? part.lastIndexOf(wanted) : part.indexOf(wanted)
      return at < 0 ? null : at + start
    },
  }
}

function padder(atStart: boolean): Signature {
  return {
    takes: [['text'], ['number'], ['text']],
    least: 2,
    call: ([text, width, fill = ' ']: readonly [string, number, string?], budget) => {
      budget.spendChars(Math.max(text.length, width))
      if ([...fill].length !== 1)
        throw new EvaluationError('the third argument of a pad function is one character')
      return atStart ? text.padStart(width, fill) : text.padEnd(width, fill)
    },
  }
}

/** Cuts characters of a set from the ends. */
function trimmer(atStart: boolean, atEnd: boolean): Signature {
  return {
    takes: [['text'], ['text']],
    least: 1,
    call: ([text, characters]: readonly [string, string?], budget) => {
      budget.spendChars(text.length)
      const isCut = (char: string): boolean =>
        characters === undefined || characters === '' ? char.trim() === '' : characters.includes(char)
      let from = 0
      let to = text.length
      while (atStart && from < to && isCut(text.charAt(from))) from++
      while (atEnd && to > from && isCut(text.charAt(to - 1))) to--
      return text.slice(from, to)
    },
  }
}

function ofNumber(make: (value: number) => number): Signature {
  return { takes: [['number']], call: ([value]: readonly [number]) => make(value) }
}

function ofText(make: (text: string) => string): Signature {
  return {
    takes: [['text']],
    call: ([text]: readonly [string], budget) => {
      budget.spendChars(text.length)
      return make(text)
    },
  }
}

function edge(make: (text: string, part: string) => boolean): Signature {
  return { takes: [['text'], ['text']], call: ([text, part]: readonly [string, string]) => make(text, part) }
}

function best(sign: 1 | -1): Signature {
  return {
    takes: [['numbers', 'texts']],
    call: ([items]: readonly [readonly unknown[]], budget) => {
      budget.spend(items.length)
      return extreme(items, itself, sign)
    },
  }
}

function bestBy(sign: 1 | -1): Signature {
  return {
    takes: [['list'], ['reference']],
    call: ([items, key]: readonly [readonly unknown[], Reference]) => extreme(items, key, sign),
  }
}

function total(numbers: readonly number[], budget: Budget): number {
  budget.spend(numbers.length)
  return numbers.reduce((sum, value) => sum + value, 0)
}

/** `split` and `replace`: how many times, in whole numbers; all where it is not given. */
function timesOf(count: number | undefined): number {
  if (count === undefined) return Number.POSITIVE_INFINITY
  if (Number.isInteger(count) && count >= 0) return count
  throw new EvaluationError('a count is a whole number from 0 up')
}

function splitText(text: string, by: string, times: number): string[] {
  const parts = by === '' ? [...text] : text.split(by)
  return parts.length <= times ? parts : [...parts.slice(0, times), parts.slice(times).join(by)]
}

const FUNCTIONS: Readonly<Record<string, Signature>> = {
  abs: ofNumber(Math.abs),
  avg: {
    takes: [['numbers']],
    call: ([numbers]: readonly [readonly number[]], budget) =>
      numbers.length === 0 ? null : total(numbers, budget) / numbers.length,
  },
  ceil: ofNumber(Math.ceil),
  contains: {
    takes: [['text', 'list'], ['any']],
    call: ([where, wanted]: readonly [string | readonly unknown[], unknown], budget) => {
      if (typeof where !== 'string') return where.some(item => isEqual(item, wanted, budget))
      budget.spendChars(where.length)
      return typeof wanted === 'string' ? where.includes(wanted) : null
    },
  },
  ends_with: edge((text, part) => text.endsWith(part)),
  find_first: finder(false),
  find_last: finder(true),
  floor: ofNumber(Math.floor),
  from_items: {
    takes: [['lists']],
    call: ([pairs]: readonly [readonly (readonly unknown[])[]], budget) => {
      budget.spend(pairs.length)
      const made = emptyRecord<unknown>()
      for (const [name, value] of pairs) {
        if (typeof name !== 'string')
          throw new EvaluationError('from_items() needs pairs of a name and a value')
        made[name] = value ?? null
      }
      return made
    },
  },
  group_by: {
    takes: [['list'], ['reference']],
    call: ([items, key]: readonly [readonly unknown[], Reference]) => {
      const groups = emptyRecord<unknown[]>()
      for (const item of items) {
        const name = key(item)
        if (name === null) continue
        if (typeof name !== 'string') throw new EvaluationError(`group_by() needs texts, not ${kindOf(name)}`)
        const group = groups[name]
        if (group === undefined) groups[name] = [item]
        else group.push(item)
      }
      return groups
    },
  },
  items: {
    takes: [['object']],
    call: ([value]: readonly [object], budget) => spent(Object.entries(value), budget),
  },
  join: {
    takes: [['text'], ['texts']],
    call: ([between, texts]: readonly [string, readonly string[]], budget) => {
      let chars = between.length * texts.length
      for (const text of texts) chars += text.length
      budget.spendChars(chars)
      budget.spend(texts.length)
      return texts.join(between)
    },
  },
  keys: {
    takes: [['object']],
    call: ([value]: readonly [object], budget) => spent(budget.namesOf(value), budget),
  },
  length: {
    takes: [['text', 'list', 'object']],
    call: ([value]: readonly [string | readonly unknown[] | object], budget) => {
      if (Array.isArray(value)) return value.length
      if (typeof value !== 'string') return spent(budget.namesOf(value), budget).length
      budget.spend(value.length)
      return codePoints(value)
    },
  },
  lower: ofText(text => text.toLowerCase()),
  map: {
    takes: [['reference'], ['list']],
    call: ([make, items]: readonly [Reference, readonly unknown[]]) => items.map(make),
  },
  max: best(-1),
  max_by: bestBy(-1),
  merge: {
    takes: [['object']],
    isVariadic: true,
    call: (objects: readonly object[], budget) => {
      const made = emptyRecord<unknown>()
      for (const object of objects)
        for (const [name, value] of spent(Object.entries(object), budget)) made[name] = value
      return made
    },
  },
  min: best(1),
  min_by: bestBy(1),
  not_null: {
    takes: [['any']],
    isVariadic: true,
    call: (values: readonly unknown[]) => values.find(value => value !== null) ?? null,
  },
  pad_left: padder(true),
  pad_right: padder(false),
  replace: {
    takes: [['text'], ['text'], ['text'], ['number']],
    least: 3,
    call: ([text, old, by, count]: readonly [string, string, string, number?], budget) => {
      budget.spendChars(text.length)
      const times = timesOf(count)
      if (times === 0 || old === '') return text
      const parts = splitText(text, old, times)
      budget.spendChars(text.length + by.length * parts.length)
      return parts.join(by)
    },
  },
  reverse: {
    takes: [['text', 'list']],
    call: ([value]: readonly [string | readonly unknown[]], budget) => {
      budget.spend(value.length)
      return typeof value === 'string' ? [...value].reverse().join('') : [...value].reverse()
    },
  },
  sort: {
    takes: [['texts', 'numbers']],
    call: ([items]: readonly [readonly unknown[]], budget) => sorted(items, items, budget),
  },
  sort_by: {
    takes: [['list'], ['reference']],
    call: ([items, key]: readonly [readonly unknown[], Reference], budget) =>
      sorted(items, items.map(key), budget),
  },
  split: {
    takes: [['text'], ['text'], ['number']],
    least: 2,
    call: ([text, by, count]: readonly [string, string, number?], budget) => {
      budget.spendChars(text.length)
      const parts = splitText(text, by, timesOf(count))
      budget.spend(parts.length)
      return parts
    },
  },
  starts_with: edge((text, part) => text.startsWith(part)),
  sum: {
    takes: [['numbers']],
    call: ([numbers]: readonly [readonly number[]], budget) => total(numbers, budget),
  },
  to_array: {
    takes: [['any']],
    call: ([value]: readonly [unknown]) => (Array.isArray(value) ? value : [value]),
  },
  to_number: {
    takes: [['any']],
    call: ([value]: readonly [unknown]) => {
      if (typeof value === 'number') return value
      if (typeof value !== 'string' || value.length > MAX_NUMBER_CHARS || value.trim() === '') return null
      const number = Number(value)
      return Number.isFinite(number) ? number : null
    },
  },
  to_string: {
    takes: [['any']],
    call: ([value]: readonly [unknown], budget) => {
      if (typeof value === 'string' || value === null) return value
      measured(value, budget)
      return JSON.stringify(value)
    },
  },
  trim: trimmer(true, true),
  trim_left: trimmer(true, false),
  trim_right: trimmer(false, true),
  type: {
    takes: [['any']],
    call: ([value]: readonly [unknown]) =>
      value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value,
  },
  upper: ofText(text => text.toUpperCase()),
  values: {
    takes: [['object']],
    call: ([value]: readonly [JsonObject], budget) => spent(budget.valuesOf(value), budget),
  },
  zip: {
    takes: [['list']],
    isVariadic: true,
    call: (lists: readonly (readonly unknown[])[], budget) => {
      const length = Math.min(...lists.map(list => list.length))
      budget.spend(length * lists.length)
      return Array.from({ length }, (_, i) => lists.map(list => list[i]))
    },
  },
}

const MAX_NUMBER_CHARS = MAX_CHARS >> 10

function spent<T>(items: readonly T[], budget: Budget): readonly T[] {
  budget.spend(items.length)
  return items
}

export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS)

/** What is wrong with a call, whatever its arguments are; null when nothing is. */
export function callFault(name: string, count: number): string | null {
  const signature = signatureOf(name)
  if (signature === null) return `there is no function ${name}()`
  const { takes, least = takes.length, isVariadic = false } = signature
  if (count >= least && (isVariadic || count <= takes.length)) return null
  const wanted = isVariadic
    ? `${least} or more`
    : least === takes.length
      ? String(least)
      : `${least} to ${takes.length}`
  return `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`
}

function signatureOf(name: string): Signature | null {
  return Object.hasOwn(FUNCTIONS, name) ? (FUNCTIONS[name] ?? null) : null
}

/** Calls a function whose call has no fault. */
export function callFunction(name: string, args: readonly unknown[], budget: Budget): unknown {
  const signature = signatureOf(name)
  if (signature === null) throw new EvaluationError(`there is no function ${name}()`)
  const { takes, call } = signature
  const checked: unknown[] = []
  for (const [i, given] of args.entries()) {
    const kinds = takes[Math.min(i, takes.length - 1)] ?? ['any']
    if (given === null && !kinds.includes('any')) return null
    const value = kinds.some(isListKind) && Array.isArray(given) ? withoutMissing(given, budget) : given
    if (!kinds.some(kind => fits(value, kind))) {
      const wanted = kinds.map(kind => NAMES[kind]).join(' or ')
      throw new EvaluationError(`${name}() needs ${wanted}, not ${kindOf(value)}`)
    }
    checked.push(value)
  }
  budget.spend(1)
  // The kinds were just checked against what the function takes.
  return call(checked as never, budget)
}

function withoutMissing(items: readonly unknown[], budget: Budget): readonly unknown[] {
  budget.spend(items.length)
  return items.includes(null) ? items.filter(item => item !== null) : items
}
