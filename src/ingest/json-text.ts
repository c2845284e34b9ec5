// JSON text as other programs write it.
//
// Most writers write JSON, and JSON.parse reads it. Some write numbers that JSON does not have (`NaN`, `Infinity`; Python's
// json module does so by default): each counts as missing, and the rest of the document is read. Some write integers that a
// double cannot hold: they stay, rounded, with a warning.
//
// Cost: a document without such numbers pays for JSON.parse and for one search with SUSPECT, a fourth of JSON.parse. Only when
// JSON.parse fails or the search finds something, the scanner below reads the text: one pass, no backtracking; with JSON.parse
// on the text that it leaves, four times the cost of JSON.parse (14 ms for 1 MB).
import type { DataWarning } from '../snapshot/reading.js'

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown; readonly warnings: readonly DataWarning[] }
  | {
      readonly ok: false
      /** `deep`: nested deeper than the scanner follows. */
      readonly fault: 'syntax' | 'deep'
      /** For a person: what is wrong and where. Repeats nothing of the text. */
      readonly message: string
    }

/** Deeper than any caller accepts; the scanner takes a call for each level. */
const MAX_LEVELS = 512
/** An integer, or an exponent, that may not fit into a double. Digits after a point do not count. */
const SUSPECT = /[^\d.]\d{16}|\d[eE]\+?\d{3}/
/** Of a path; it is as the document has it: to be cleaned where it is shown. */
const MAX_PATH_CHARS = 200
/** No double has more digits before the point; a longer integer is no finite number. */
const MAX_DOUBLE_DIGITS = 309
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
/** JSON's own words, and the spellings of what is no finite number in Python, C, Java and JavaScript. */
const WORDS = ['true', 'false', 'null', 'NaN', 'nan', 'Infinity', 'infinity', 'Inf', 'inf'] as const
const WORD = /true|false|null|NaN|nan|Infinity|infinity|Inf|inf/y
const INFINITY = 'infinity'
const NULL = [...'null'].map(char => char.charCodeAt(0))

/** Reads JSON and what is nearly JSON. Never throws; takes time linear in the length of the text. */
export function parseJson(text: string): ParsedJson {
  try {
    const value: unknown = JSON.parse(text)
    if (!SUSPECT.test(text)) return { ok: true, value, warnings: [] }
  } catch {
    // The scanner finds out what is wrong, and where.
  }
  const scanner = new Scanner(text)
  try {
    const finite = scanner.run()
    return { ok: true, value: JSON.parse(finite), warnings: scanner.warnings }
  } catch (error) {
    if (error instanceof Stop) return { ok: false, fault: error.fault, message: error.message }
    // The scanner accepts nothing else that JSON.parse refuses; if it ever does, the document is refused.
    if (error instanceof SyntaxError) return { ok: false, fault: 'syntax', message: 'it is not JSON' }
    throw error
  }
}

/** Where a position is, as editors count: lines and columns from 1. */
export function lineAndColumn(text: string, at: number): string {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', start)) {
    line++
    start = end + 1
  }
  return `line ${line}, column ${at - start + 1}`
}

/** The warning as a sentence for logs and boards. */
export function warningText({ kind, path, what, count }: DataWarning): string {
  const first = `${path} is ${what}`
  if (count === 1) return first
  return kind === 'not_finite'
    ? `${first}, one of ${count} values that are no finite numbers`
    : `${first}, one of ${count} such integers`
}

/** The warnings of two documents as those of one; the first of each kind is named. */
export function joinedWarnings(a: readonly DataWarning[], b: readonly DataWarning[]): readonly DataWarning[] {
  const joined = a.map(warning => {
    const same = b.find(({ kind }) => kind === warning.kind)
    return same === undefined ? warning : { ...warning, count: warning.count + same.count }
  })
  return [...joined, ...b.filter(({ kind }) => !a.some(warning => warning.kind === kind))]
}

class Stop extends Error {
  constructor(
    readonly fault: 'syntax' | 'deep',
    message: string,
  ) {
    super(message)
  }
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const CAPITAL_I = 0x49
const CAPITAL_N = 0x4e
const LEFT_BRACKET = 0x5b
const BACKSLASH = 0x5c
const RIGHT_BRACKET = 0x5d
const SMALL_I = 0x69
const SMALL_N = 0x6e
const SMALL_U = 0x75
const LEFT_BRACE = 0x7b
const RIGHT_BRACE = 0x7d

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const ESCAPED = new Set([...'"\\/bfnrt'].map(char => char.charCodeAt(0)))
const isHex = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)

/** One step of the way to a value: the bounds of a member's name with its quotes, or an index. */
type Step = { from: number; to: number; index: number }

/** Checks the grammar and keeps the way to where it is; builds no value. */
class Scanner {
  readonly #text: string
  readonly #way: Step[] = []
  /** The first of each kind; `count` grows. */
  readonly #found = new Map<DataWarning['kind'], Omit<DataWarning, 'count'> & { count: number }>()
  /** The text with `null` in place of what is no finite number, up to `#taken`; empty before the first. */
  #finite = new Uint16Array(0)
  #length = 0
  #taken = 0
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get warnings(): readonly DataWarning[] {
    return [...this.#found.values()]
  }

  /** The text with `null` for everything that is no finite number; throws Stop where it is no JSON. */
  run(): string {
    this.#blanks()
    if (this.#at === this.#text.length) throw new Stop('syntax', 'it is empty')
    this.#value(0)
    this.#blanks()
    if (this.#at < this.#text.length) {
      const where = lineAndColumn(this.#text, this.#at)
      throw new Stop(
        'syntax',
        `there is more after its end, from ${where} on: the rest of a longer document, or a second one`,
      )
    }
    if (this.#length === 0) return this.#text
    this.#take(this.#text.length)
    return Buffer.from(this.#finite.buffer, 0, this.#length * 2).toString('utf16le')
  }

  #fail(): never {
    if (this.#at >= this.#text.length) throw new Stop('syntax', 'it ends in the middle of a value')
    const nul = this.#text.charCodeAt(this.#at) === 0 ? ' (a NUL byte)' : ''
    throw new Stop('syntax', `it stops being JSON at ${lineAndColumn(this.#text, this.#at)}${nul}`)
  }

  #blanks(): void {
    const text = this.#text
    let at = this.#at
    let code = text.charCodeAt(at)
    while (code === SPACE || code === LF || code === CR || code === TAB) code = text.charCodeAt(++at)
    this.#at = at
  }

  #skip(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #need(code: number): void {
    if (!this.#skip(code)) this.#fail()
  }

  #value(level: number): void {
    switch (this.#text.charCodeAt(this.#at)) {
      case LEFT_BRACE:
        this.#object(this.#step(level))
        return
      case LEFT_BRACKET:
        this.#list(this.#step(level))
        return
      case QUOTE:
        this.#string()
        return
      default:
        this.#scalar(level)
    }
  }

  #step(level: number): { readonly step: Step; readonly level: number } {
    if (level === MAX_LEVELS) throw new Stop('deep', `it is nested deeper than ${MAX_LEVELS} levels`)
    const step = this.#way[level] ?? { from: 0, to: 0, index: 0 }
    this.#way[level] = step
    this.#at++
    this.#blanks()
    return { step, level: level + 1 }
  }

  #object({ step, level }: { readonly step: Step; readonly level: number }): void {
    if (this.#skip(RIGHT_BRACE)) return
    for (;;) {
      if (this.#text.charCodeAt(this.#at) !== QUOTE) this.#fail()
      const from = this.#at
      this.#string()
      step.from = from
      step.to = this.#at
      this.#blanks()
      this.#need(COLON)
      this.#blanks()
      this.#value(level)
      this.#blanks()
      if (this.#skip(RIGHT_BRACE)) return
      this.#need(COMMA)
      this.#blanks()
    }
  }

  #list({ step, level }: { readonly step: Step; readonly level: number }): void {
    if (this.#skip(RIGHT_BRACKET)) return
    step.to = 0
    for (step.index = 0; ; step.index++) {
      this.#value(level)
      this.#blanks()
      if (this.#skip(RIGHT_BRACKET)) return
      this.#need(COMMA)
      this.#blanks()
    }
  }

  #string(): void {
    const text = this.#text
    let at = this.#at + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (code >= SPACE && code !== BACKSLASH) at++
      else {
        this.#at = at
        // No code at all: the end of the text.
        if (code !== BACKSLASH) this.#fail()
        this.#escape()
        at = this.#at
      }
    }
    this.#at = at + 1
  }

  #escape(): void {
    this.#at++
    const code = this.#text.charCodeAt(this.#at)
    if (code === SMALL_U) {
      for (let digit = 0; digit < 4; digit++) {
        this.#at++
        if (!isHex(this.#text.charCodeAt(this.#at))) this.#fail()
      }
    } else if (!ESCAPED.has(code)) this.#fail()
    this.#at++
  }

  #scalar(level: number): void {
    const start = this.#at
    const sign = this.#text.charCodeAt(start)
    const isSigned = sign === MINUS || sign === PLUS
    const next = this.#text.charCodeAt(isSigned ? start + 1 : start)
    if (isDigit(next) && sign !== PLUS) this.#number(start, level)
    else this.#word(isSigned ? start + 1 : start, start, level)
  }

  #number(start: number, level: number): void {
    NUMBER.lastIndex = start
    const [whole = '', fraction, exponent] = NUMBER.exec(this.#text) ?? []
    this.#at = start + whole.length
    // What follows must be what may follow a value; a point or an exponent without digits is wrong behind itself.
    const rest = this.#text.charCodeAt(this.#at)
    const isPoint = rest === 0x2e && fraction === undefined && exponent === undefined
    const isExponent = (rest === 0x45 || rest === 0x65) && exponent === undefined
    if (isPoint || isExponent) {
      this.#at++
      const sign = this.#text.charCodeAt(this.#at)
      if (isExponent && (sign === PLUS || sign === MINUS)) this.#at++
      this.#fail()
    }
    if (whole.length < 16 && exponent === undefined) return
    if (!Number.isFinite(Number(whole))) {
      this.#replace(start)
      this.#warn('not_finite', 'a number too large to hold', level)
    } else if (fraction === undefined && exponent === undefined && isInexact(whole)) {
      this.#warn('inexact', 'an integer with more digits than can be kept', level)
    }
  }

  #word(from: number, start: number, level: number): void {
    WORD.lastIndex = from
    const isWord = WORD.test(this.#text)
    const end = WORD.lastIndex
    const first = this.#text.charCodeAt(from)
    // `null` and `nan` begin alike.
    const isNoNumber = (first === SMALL_N || first === CAPITAL_N) && end === from + 3
    const isInfinity = first === SMALL_I || first === CAPITAL_I
    const isJson = !isNoNumber && !isInfinity
    if (!isWord || (isJson && from !== start)) this.#failWord(from, start)
    this.#at = end
    if (isJson) return
    if (isInfinity && this.#text.length - from < INFINITY.length) this.#failIfCut(from)
    this.#replace(start)
    const isNegative = isInfinity && this.#text.charCodeAt(start) === MINUS
    this.#warn('not_finite', isNoNumber ? 'NaN' : isNegative ? '-Infinity' : 'Infinity', level)
  }

  /** `Infini` begins with a word, but is half of another. */
  #failIfCut(from: number): void {
    const rest = this.#text.slice(from).toLowerCase()
    if (rest.length === this.#at - from || !INFINITY.startsWith(rest)) return
    this.#at = this.#text.length
    this.#fail()
  }

  /** Where the text ceases to be like any word; a sign before what has none is wrong itself. */
  #failWord(from: number, start: number): never {
    const same = WORDS.map(word => {
      let length = 0
      while (length < word.length && word.charCodeAt(length) === this.#text.charCodeAt(from + length))
        length++
      return length === word.length ? 0 : length
    })
    const longest = Math.max(...same)
    const isPlus = longest === 0 && this.#text.charCodeAt(start) === PLUS
    this.#at = isPlus ? start : from + longest
    this.#fail()
  }

  #replace(start: number): void {
    // At worst every fourth character is the comma behind `NaN`, which is one shorter than `null`.
    if (this.#length === 0) this.#finite = new Uint16Array(Math.ceil(this.#text.length * 1.25) + 1)
    this.#take(start)
    for (const code of NULL) this.#finite[this.#length++] = code
    this.#taken = this.#at
  }

  /** Character by character: joining a million pieces of text takes ten times as long. */
  #take(to: number): void {
    const text = this.#text
    const finite = this.#finite
    let length = this.#length
    for (let from = this.#taken; from < to; from++) finite[length++] = text.charCodeAt(from)
    this.#length = length
  }

  #warn(kind: DataWarning['kind'], what: string, level: number): void {
    const known = this.#found.get(kind)
    if (known === undefined) this.#found.set(kind, { kind, what, path: this.#path(level), count: 1 })
    else known.count++
  }

  /** `indices.NIFTY.legs[2]`; made for the first value of a kind alone. */
  #path(level: number): string {
    let path = ''
    for (const { from, to, index } of this.#way.slice(0, level)) {
      if (to === 0) path += `[${index}]`
      else path += `${path === '' ? '' : '.'}${nameIn(this.#text.slice(from, to))}`
    }
    if (path === '') return 'the document'
    return path.length > MAX_PATH_CHARS ? `${path.slice(0, MAX_PATH_CHARS - 1)}…` : path
  }
}

/** The name in quotes; a very long one is cut, which may leave no JSON. */
function nameIn(quoted: string): string {
  return quoted.length > MAX_PATH_CHARS ? quoted.slice(1, MAX_PATH_CHARS + 2) : String(JSON.parse(quoted))
}

function isInexact(integer: string): boolean {
  return integer.length <= MAX_DOUBLE_DIGITS + 1 && BigInt(integer) !== BigInt(Number(integer))
}
