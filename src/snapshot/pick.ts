// The rule of the whole table: the first candidate that is present and of the right type wins.
import type { Status } from './reading.js'
import { type JsonMap, map, type Reader } from './value.js'

/** Where a value may stand (`loop.last_run`) and how it is read there. */
export type Candidate<T> = {
  readonly path: string
  readonly segments: readonly string[]
  readonly read: Reader<T>
}

/** A field of the snapshot with its candidates, in order. */
export type Field<T> = { readonly name: string; readonly candidates: readonly Candidate<T>[] }

export function from<T>(read: Reader<T>, ...paths: readonly string[]): readonly Candidate<T>[] {
  return paths.map(path => ({ path, segments: path.split('.'), read }))
}

export function field<T>(name: string, ...candidates: readonly (readonly Candidate<T>[])[]): Field<T> {
  return { name, candidates: candidates.flat() }
}

/** The segments are ours, and none of them is a name that every object has (candidates.test.ts): no need to ask whose it is. */
function at(root: JsonMap, segments: readonly string[]): unknown {
  let value: unknown = root
  for (const segment of segments) {
    const within = map(value)
    if (within === null) return undefined
    value = within[segment]
  }
  return value
}

/** The field's value, or null; notes in `origins` which path gave it. */
export function pick<T>(status: Status, wanted: Field<T>, origins: Record<string, string>): T | null {
  for (const { path, segments, read } of wanted.candidates) {
    const value = read(at(status, segments))
    if (value === null) continue
    origins[wanted.name] = path
    return value
  }
  return null
}
