// Reads one untrusted JSON value as one type, or not at all: null means "not of this type". Nothing is guessed at: a plain decimal
// number may be given as text, with thousands separators; true is no number, blank text says nothing.
import type { SourceZone } from './zone.js'

/**
 * A reader of one type: the value; null when it is something else; undefined when it is of the right type and says nothing here.
 * `zone` is that of times without one.
 */
export type Reader<T> = (value: unknown, zone: SourceZone) => T | null | undefined

export type JsonMap = Readonly<Record<string, unknown>>

export function map(value: unknown): JsonMap | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : null
}

export function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null
}

/** Sign, digits with or without separators in groups of two or three (`1,23,456.78` is how India writes it), decimals. */
const DECIMAL = /^[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?$/
/** No longer text is a number: 2^53 has 16 digits. */
const MAX_DECIMAL_LENGTH = 40

/** A plain decimal number in text, and nothing else in it. */
export function decimal(text: string): number | null {
  if (text.length > MAX_DECIMAL_LENGTH) return null
  const trimmed = text.trim()
  return DECIMAL.test(trimmed) ? Number(trimmed.replaceAll(',', '')) + 0 : null
}

/** A finite number, or a plain decimal one as text; zero is a value, and has no sign. */
export function number(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  return typeof value === 'string' ? decimal(value) : null
}

/**
 * A duration or a size that cannot be 0: writers that do not know it write 0, so 0 says nothing (percentiles before the first
 * cycle, a latency before the first call, memory where it cannot be read).
 */
export function measured(value: unknown): number | null | undefined {
  const found = number(value)
  return found === 0 ? undefined : found
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
