// Keys of automatic panels: the path in lower case, safe in addresses, metrics and file names.
import { isSafeName } from '../snapshot/value.js'
import type { Path } from './leaves.js'

const MAX_KEY = 64

/** `data.activeTargets` → `data.activetargets`; of the root `document`. */
export function keyOf(path: Path): string {
  const whole = path
    .map(part => part.toLowerCase().replace(/[^a-z0-9_-]+/g, '_'))
    .join('.')
    .replace(/^[._-]+/, '')
    .slice(0, MAX_KEY)
  return whole === '' ? (path.length === 0 ? 'document' : 'member') : whole
}

/** Different keys over the life of a program: every board ever shown leaves marks under its keys. */
export const MAX_KEYS = 256

/** Gives each panel a key of its own: the second with the same key gets `_2`. */
export class Keys {
  readonly #taken: Set<string>
  /** Every key so far. */
  readonly seen: Set<string>

  /** `reserved`: keys with a meaning of their own. `before`: keys of earlier documents. */
  constructor(reserved: ReadonlySet<string>, before: ReadonlySet<string> = new Set()) {
    this.#taken = new Set(reserved)
    this.seen = new Set(before)
  }

  take(path: Path): string {
    let key = this.#free(keyOf(path))
    // A document whose members always have other names.
    if (!this.seen.has(key) && this.seen.size >= MAX_KEYS) key = this.#free('member')
    this.#taken.add(key)
    this.seen.add(key)
    return key
  }

  #free(wanted: string): string {
    let key = wanted
    for (let number = 2; this.#taken.has(key) || !isSafeName(key); number++) {
      const ending = `_${number}`
      key = `${wanted.slice(0, MAX_KEY - ending.length)}${ending}`
    }
    return key
  }
}
