// Reads one untrusted JSON value as one type, or not at all: null means "not of this type". Nothing is guessed at:
// a number given as text is no number, true is no number, blank text says nothing.

/** A reader of one type: the value, or null when it is something else. */
export type Reader<T> = (value: unknown) => T | null

export type JsonMap = Readonly<Record<string, unknown>>

export function map(value: unknown): JsonMap | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : null
}

export function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null
}

/** A finite number; zero is a value. */
export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Text that says something, without surrounding blanks. */
export function text(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const trimmed = value.trim()
  return trimmed === '' ? null : trimmed
}

export function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

/** An own member; never one inherited from a prototype. */
export function member(value: JsonMap | null, key: string): unknown {
  return value !== null && Object.hasOwn(value, key) ? value[key] : undefined
}

const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** False for names that must never become a key of anything we build (and for blank ones). */
export function isSafeName(name: string): boolean {
  return !UNSAFE_NAMES.has(name) && name.trim() !== ''
}

/** An empty record without a prototype: looking up a name it lacks gives undefined, whatever the name. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}
