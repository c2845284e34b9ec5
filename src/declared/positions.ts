// Where the members of a board file stand, so that a finding has a line. Reads TOML or JSON that a parser has accepted before: it
// keeps places and no values. Total: on text it does not understand it stops, and what it found so far stays.

export type Place = { readonly line: number; readonly column: number }
export type Path = readonly (string | number)[]

const START: Place = { line: 1, column: 1 }
const MAX_DEPTH = 64

/** Finds the place of the longest known beginning of a path. */
export type Positions = (path: Path) => Place

const keyOf = (path: Path): string => JSON.stringify(path)

export function positionsOf(text: string, format: 'toml' | 'json'): Positions {
  const scanner = new Scanner(text)
  if (format === 'toml') scanner.document()
  else scanner.value([], 0)
  const places = scanner.places
  return path => {
    for (let length = path.length; length > 0; length--) {
      const found = places.get(keyOf(path.slice(0, length)))
      if (found !== undefined) return placeAt(text, found)
    }
    return START
  }
}

/** Lines and columns from 1, as editors count. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

class Scanner {
  /** Path as JSON → where its key, or its item of a list, begins. */
  readonly places = new Map<string, number>()
  #at = 0
  /** Tables of arrays seen so far: path as JSON → how many. */
  readonly #counts = new Map<string, number>()

  constructor(private readonly text: string) {}

  document(): void {
    let table: Path = []
    while (this.#at < this.text.length) {
      const before = this.#at
      this.#blank()
      if (this.text[this.#at] === '[') table = this.#header()
      else if (this.#at < this.text.length) this.#pair(table, 0)
      if (this.#at === before) return
    }
  }

  /** A TOML or JSON value, and everything in it. */
  value(path: Path, depth: number): void {
    this.#blank()
    const first = this.text[this.#at]
    if (depth > MAX_DEPTH) this.#at = this.text.length
    else if (first === '{') this.#members(path, depth)
    else if (first === '[') this.#items(path, depth)
    else if (first === '"' || first === "'") this.#string()
    else this.#skip(/[^,\]}\n#]+/y)
  }

  #members(path: Path, depth: number): void {
    this.#at++
    while (this.#until('}')) this.#pair(path, depth + 1)
  }

  #items(path: Path, depth: number): void {
    this.#at++
    for (let i = 0; this.#until(']'); i++) {
      const item = [...path, i]
      this.#mark(item, this.#at)
      this.value(item, depth + 1)
    }
  }

  /** Skips separators; false at the end of a list or table, which it passes. */
  #until(end: string): boolean {
    for (;;) {
      this.#blank()
      const char = this.text[this.#at]
      if (char === ',') this.#at++
      else if (char === undefined) return false
      else if (char !== end) return this.#moves()
      else {
        this.#at++
        return false
      }
    }
  }

  #last = -1
  /** False when nothing was read since the last call: the text is not understood. */
  #moves(): boolean {
    const isNew = this.#at !== this.#last
    this.#last = this.#at
    return isNew
  }

  #pair(table: Path, depth: number): void {
    const start = this.#at
    const path = [...table, ...this.#keys()]
    this.#mark(path, start)
    this.#skip(/[ \t]*[=:]/y)
    this.value(path, depth)
  }

  /** The path of a table whose members follow. */
  #header(): Path {
    const start = this.#at
    const isArray = this.text.startsWith('[[', start)
    this.#at += isArray ? 2 : 1
    const names = this.#keys()
    this.#skip(/[ \t]*\]{1,2}/y)
    if (!isArray) {
      const table = this.#inArrays(names)
      this.#mark(table, start)
      return table
    }
    const array = [...this.#inArrays(names.slice(0, -1)), ...names.slice(-1)]
    const count = this.#counts.get(keyOf(array)) ?? 0
    this.#counts.set(keyOf(array), count + 1)
    this.#mark(array, start)
    this.#mark([...array, count], start)
    return [...array, count]
  }

  /** The path with the index of the newest table after each name of a table array. */
  #inArrays(names: readonly string[]): Path {
    const full: (string | number)[] = []
    for (const name of names) {
      full.push(name)
      const count = this.#counts.get(keyOf(full))
      if (count !== undefined) full.push(count - 1)
    }
    return full
  }

  /** `a."b c".d` */
  #keys(): readonly string[] {
    const keys: string[] = []
    for (;;) {
      this.#skip(/[ \t]+/y)
      const start = this.#at
      const quote = this.text[start]
      if (quote === '"' || quote === "'") {
        this.#string()
        const raw = this.text.slice(start, this.#at)
        keys.push(quote === '"' ? unescaped(raw) : raw.slice(1, -1))
      } else {
        this.#skip(/[^\s.=:[\]{},"'#]+/y)
        keys.push(this.text.slice(start, this.#at))
      }
      if (!this.#skip(/[ \t]*\./y)) return keys
    }
  }

  #string(): void {
    const start = this.#at
    const found =
      this.#skip(/"""(?:[^\\]|\\[\s\S])*?"""+/y) ||
      this.#skip(/'''[\s\S]*?'''+/y) ||
      this.#skip(/"(?:[^"\\\n]|\\.)*"/y) ||
      this.#skip(/'[^'\n]*'/y)
    if (!found) this.#at = start + 1
  }

  /** Blanks, line ends and comments. */
  #blank(): void {
    while (this.#skip(/\s+|#[^\n]*/y)) {}
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #mark(path: Path, at: number): void {
    const key = keyOf(path)
    if (!this.places.has(key)) this.places.set(key, at)
  }
}

function unescaped(raw: string): string {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'string' ? value : raw
  } catch {
    return raw.slice(1, -1)
  }
}
