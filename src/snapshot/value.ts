// Reads an untrusted JSON value as one type; null means "not of this type". A plain decimal number may be text, with thousands
// separators; true is not a number; blank text counts as missing.
import type { SourceZone } from './zone.js'

/**
 * Reads one type: the value; null for another type; undefined for the right type without a usable value. `zone` is the zone of
 * times without one.
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
/** Longer text is not a number: 2^53 has 16 digits. */
const MAX_DECIMAL_LENGTH = 40

/** Text that is a plain decimal number and nothing else. */
export function decimal(text: string): number | null {
  if (text.length > MAX_DECIMAL_LENGTH) return null
  const trimmed = text.trim()
  return DECIMAL.test(trimmed) ? Number(trimmed.replaceAll(',', '')) + 0 : null
}

/** A finite number, or plain decimal text. Zero is a value; -0 becomes 0. */
export function number(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  return typeof value === 'string' ? decimal(value) : null
}

/**
 * A duration or a size that cannot be 0: writers that do not know it write 0, so 0 counts as missing (percentiles before the first
 * cycle, a latency before the first call, memory where it cannot be read).
 */
export function measured(value: unknown): number | null | undefined {
  const found = number(value)
  return found === 0 ? undefined : found
}

/** Longer text is cut: panels show at most 200 columns of it, files have the rest. */
const MAX_TEXT_LENGTH = 1_000
/** Longer names and state words are cut: panels show at most 120 columns, and there may be 1 000. */
const MAX_NAME_LENGTH = 160

function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  const isHalf = last >= 0xd800 && last <= 0xdbff
  return `${text.slice(0, isHalf ? length - 1 : length)}…`
}

/** Text that is not blank, trimmed and cut. */
export function text(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const trimmed = value.trim()
  return trimmed === '' ? null : cut(trimmed, MAX_TEXT_LENGTH)
}

/** A name or a state word as it is kept in the snapshot. */
export function keptName(name: string): string {
  return cut(name, MAX_NAME_LENGTH)
}

export function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

/** An own member; never an inherited one. */
export function member(value: JsonMap | null, key: string): unknown {
  return value !== null && Object.hasOwn(value, key) ? value[key] : undefined
}

const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** False for blank names and for names that must never become keys of our objects, such as `__proto__`. */
export function isSafeName(name: string): boolean {
  return !UNSAFE_NAMES.has(name) && name.trim() !== ''
}

/** An empty record without a prototype: a missing name gives undefined, whatever the name. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}
