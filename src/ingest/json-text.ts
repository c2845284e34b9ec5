// Parses JSON as other programs write it.
//
// Most text is JSON, and JSON.parse parses it. Some writers write numbers that JSON does not have (`NaN`, `Infinity`; Python's
// json module does by default): each becomes null, with a warning. Some write integers that a double cannot hold: they are
// rounded, with a warning.
//
// Cost: a document without such numbers costs JSON.parse and one search with SUSPECT, a fourth of JSON.parse. Only when
// JSON.parse fails or the search finds something, the scanner below reads the text, in one pass without backtracking. With
// JSON.parse on its output, that is four times the cost of JSON.parse (14 ms for 1 MB).
import type { DataWarning } from '../snapshot/reading.js'

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown; readonly warnings: readonly DataWarning[] }
  | {
      readonly ok: false
      /** `deep`: nested deeper than MAX_LEVELS. */
      readonly fault: 'syntax' | 'deep'
      /** What is wrong and where; never quotes the text. */
      readonly message: string
    }

/** More than any caller accepts; the scanner recurses once per level. */
const MAX_LEVELS = 512
/** An integer or an exponent that may not fit into a double. Digits after a point do not count. */
const SUSPECT = /[^\d.]\d{16}|\d[eE]\+?\d{3}/
/** Limit of a path. It has names from the document: clean it before showing it. */
const MAX_PATH_CHARS = 200
/** A longer integer is not finite as a double. */
const MAX_DOUBLE_DIGITS = 309
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
/** The words of JSON, and the numbers that are not finite as Python, C, Java and JavaScript write them. */
const WORDS = ['true', 'false', 'null', 'NaN', 'nan', 'Infinity', 'infinity', 'Inf', 'inf'] as const
const WORD = /true|false|null|NaN|nan|Infinity|infinity|Inf|inf/y
const INFINITY = 'infinity'
const NULL = [...'null'].map(char => char.charCodeAt(0))

/** Never throws; takes time linear in the length of the text. */
export function parseJson(text: string): ParsedJson {
  try {
    const value: unknown = JSON.parse(text)
    if (!SUSPECT.test(text)) return { ok: true, value, warnings: [] }
  } catch {
    // The scanner finds what is wrong, and where.
  }
  const scanner = new Scanner(text)
  try {
    const finite = scanner.run()
    return { ok: true, value: JSON.parse(finite), warnings: scanner.warnings }
  } catch (error) {
    if (error instanceof Stop) return { ok: false, fault: error.fault, message: error.message }
    // A safeguard: the scanner accepts nothing else that JSON.parse refuses.
    if (error instanceof SyntaxError) return { ok: false, fault: 'syntax', message: 'it is not JSON' }
    throw error
  }
}

/** As editors count: lines and columns from 1. */
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
  if (kind === 'cut') return `${first}: ${count} characters of it are left out`
  if (count === 1) return first
  return kind === 'not_finite'
    ? `${first}, one of ${count} values that are no finite numbers`
    : `${first}, one of ${count} such integers`
}

/** The warnings of two documents together; the first of each kind is named. */
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
const BACKSLASH = 0x5c

const isDigit = (char: string): boolean => char >= '0' && char <= '9'
const isHex = (char: string): boolean => /^[\da-fA-F]$/.test(char)

/** One step of a path: the bounds of a quoted member name, or an index when `to` is 0. */
type Step = { from: number; to: number; index: number }

/** Checks the grammar and tracks the path; builds no value. */
class Scanner {
  readonly #text: string
  readonly #path: Step[] = []
  /** The first of each kind; `count` grows. */
  readonly #found = new Map<DataWarning['kind'], Omit<DataWarning, 'count'> & { count: number }>()
  /** The text up to `#taken`, with `null` for numbers that are not finite; empty before the first. */
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

  /** The text with `null` for every number that is not finite; throws Stop where it is no JSON. */
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
    const nul = this.#text[this.#at] === '\0' ? ' (a NUL byte)' : ''
    throw new Stop('syntax', `it stops being JSON at ${lineAndColumn(this.#text, this.#at)}${nul}`)
  }

  #blanks(): void {
    const text = this.#text
    let at = this.#at
    let code = text.charCodeAt(at)
    while (code === SPACE || code === LF || code === CR || code === TAB) code = text.charCodeAt(++at)
    this.#at = at
  }

  #skip(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #need(char: string): void {
    if (!this.#skip(char)) this.#fail()
  }

  #value(level: number): void {
    const char = this.#text[this.#at]
    if (char === '{') this.#object(this.#step(level))
    else if (char === '[') this.#list(this.#step(level))
    else if (char === '"') this.#string()
    else this.#scalar(level)
  }

  #step(level: number): { readonly step: Step; readonly level: number } {
    if (level === MAX_LEVELS) throw new Stop('deep', `it is nested deeper than ${MAX_LEVELS} levels`)
    const step = this.#path[level] ?? { from: 0, to: 0, index: 0 }
    this.#path[level] = step
    this.#at++
    this.#blanks()
    return { step, level: level + 1 }
  }

  #object({ step, level }: { readonly step: Step; readonly level: number }): void {
    if (this.#skip('}')) return
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#fail()
      const from = this.#at
      this.#string()
      step.from = from
      step.to = this.#at
      this.#blanks()
      this.#need(':')
      this.#blanks()
      this.#value(level)
      this.#blanks()
      if (this.#skip('}')) return
      this.#need(',')
      this.#blanks()
    }
  }

  #list({ step, level }: { readonly step: Step; readonly level: number }): void {
    if (this.#skip(']')) return
    step.to = 0
    for (step.index = 0; ; step.index++) {
      this.#value(level)
      this.#blanks()
      if (this.#skip(']')) return
      this.#need(',')
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
        // A control character, or NaN at the end of the text.
        if (code !== BACKSLASH) this.#fail()
        this.#escape()
        at = this.#at
      }
    }
    this.#at = at + 1
  }

  #escape(): void {
    this.#at++
    const char = this.#text.charAt(this.#at)
    if (char === 'u') {
      for (let digit = 0; digit < 4; digit++) {
        this.#at++
        if (!isHex(this.#text.charAt(this.#at))) this.#fail()
      }
    } else if (!/^["\\/bfnrt]$/.test(char)) this.#fail()
    this.#at++
  }

  #scalar(level: number): void {
    const start = this.#at
    const sign = this.#text[start]
    const from = sign === '-' || sign === '+' ? start + 1 : start
    if (isDigit(this.#text.charAt(from)) && sign !== '+') this.#number(start, level)
    else this.#word(from, start, level)
  }

  #number(start: number, level: number): void {
    NUMBER.lastIndex = start
    const [whole = '', fraction, exponent] = NUMBER.exec(this.#text) ?? []
    this.#at = start + whole.length
    // A point or an exponent without digits: the error is behind it.
    const rest = this.#text[this.#at]
    const isPoint = rest === '.' && fraction === undefined && exponent === undefined
    const isExponent = (rest === 'E' || rest === 'e') && exponent === undefined
    if (isPoint || isExponent) {
      this.#at++
      if (isExponent && !this.#skip('+')) this.#skip('-')
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
    const first = this.#text[from]
    // The length distinguishes `nan` from `null`.
    const isNoNumber = (first === 'n' || first === 'N') && end === from + 3
    const isInfinity = first === 'i' || first === 'I'
    const isJson = !isNoNumber && !isInfinity
    if (!isWord || (isJson && from !== start)) this.#failWord(from, start)
    this.#at = end
    if (isJson) return
    if (isInfinity && this.#text.length - from < INFINITY.length) this.#failIfCut(from)
    this.#replace(start)
    const isNegative = isInfinity && this.#text[start] === '-'
    this.#warn('not_finite', isNoNumber ? 'NaN' : isNegative ? '-Infinity' : 'Infinity', level)
  }

  /** `Infini` at the end begins with the word `Inf`, but is a cut `Infinity`. */
  #failIfCut(from: number): void {
    const rest = this.#text.slice(from).toLowerCase()
    if (rest.length === this.#at - from || !INFINITY.startsWith(rest)) return
    this.#at = this.#text.length
    this.#fail()
  }

  /** The error is where the text stops matching any word, or at a `+` before a text that matches none. */
  #failWord(from: number, start: number): never {
    const same = WORDS.map(word => {
      let length = 0
      while (length < word.length && word[length] === this.#text[from + length]) length++
      return length === word.length ? 0 : length
    })
    const longest = Math.max(...same)
    const isPlus = longest === 0 && this.#text[start] === '+'
    this.#at = isPlus ? start : from + longest
    this.#fail()
  }

  #replace(start: number): void {
    // The worst case is `NaN,` repeated: `null` is one character longer.
    if (this.#length === 0) this.#finite = new Uint16Array(Math.ceil(this.#text.length * 1.25) + 1)
    this.#take(start)
    for (const code of NULL) this.#finite[this.#length++] = code
    this.#taken = this.#at
  }

  /** Copies characters: joining a million pieces of text takes ten times as long. */
  #take(to: number): void {
    const text = this.#text
    const finite = this.#finite
    let length = this.#length
    for (let from = this.#taken; from < to; from++) finite[length++] = text.charCodeAt(from)
    this.#length = length
  }

  #warn(kind: DataWarning['kind'], what: string, level: number): void {
    const known = this.#found.get(kind)
    if (known === undefined) this.#found.set(kind, { kind, what, path: this.#pathText(level), count: 1 })
    else known.count++
  }

  /** `indices.NIFTY.legs[2]` */
  #pathText(level: number): string {
    let path = ''
    for (const { from, to, index } of this.#path.slice(0, level)) {
      if (to === 0) path += `[${index}]`
      else path += `${path === '' ? '' : '.'}${nameIn(this.#text.slice(from, to))}`
    }
    if (path === '') return 'the document'
    return path.length > MAX_PATH_CHARS ? `${path.slice(0, MAX_PATH_CHARS - 1)}…` : path
  }
}

/** The name without quotes; a very long one is cut instead of parsed. */
function nameIn(quoted: string): string {
  return quoted.length > MAX_PATH_CHARS ? quoted.slice(1, MAX_PATH_CHARS + 2) : String(JSON.parse(quoted))
}

function isInexact(integer: string): boolean {
  return integer.length <= MAX_DOUBLE_DIGITS + 1 && BigInt(integer) !== BigInt(Number(integer))
}
