// The rule of the whole table: the first candidate that is present and of the right type wins.
import type { Notes } from './notes.js'
import type { Status } from './reading.js'
import { type JsonMap, map, type Reader } from './value.js'

/** A path at which a value may be (`loop.last_run`), and how to read it there. */
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

/** Needs no `hasOwn`: no segment is the name of an inherited member (candidates.test.ts). */
function at(root: JsonMap, segments: readonly string[]): unknown {
  let value: unknown = root
  for (const segment of segments) {
    const within = map(value)
    if (within === null) return undefined
    value = within[segment]
  }
  return value
}

/** The field's value, or null. Notes the path that gave it, and each earlier path with a value of the wrong type. */
export function pick<T>(status: Status, wanted: Field<T>, notes: Notes): T | null {
  for (const { path, segments, read } of wanted.candidates) {
    const given = at(status, segments)
    if (given === undefined || given === null) continue
    const value = read(given, notes.zone)
    if (value !== null && value !== undefined) {
      notes.origins[wanted.name] = path
      return value
    }
    if (value === null && !hasOtherForm(wanted, path, given)) notes.unread(path, given)
  }
  return null
}

/** Whether another candidate reads this value: `provider` may be a name or a map, `cycle` a number or a map. */
function hasOtherForm(wanted: Field<unknown>, path: string, given: unknown): boolean {
  return map(given) !== null && wanted.candidates.some(candidate => candidate.path.startsWith(`${path}.`))
}
