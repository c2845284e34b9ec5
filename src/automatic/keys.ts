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

/** Gives each panel a key of its own: the second with the same key gets `_2`. */
export class Keys {
  readonly #taken: Set<string>

  /** `reserved`: keys with a meaning of their own. */
  constructor(reserved: ReadonlySet<string>) {
    this.#taken = new Set(reserved)
  }

  take(path: Path): string {
    const wanted = keyOf(path)
    let key = wanted
    for (let number = 2; this.#taken.has(key) || !isSafeName(key); number++) {
      const ending = `_${number}`
      key = `${wanted.slice(0, MAX_KEY - ending.length)}${ending}`
    }
    this.#taken.add(key)
    return key
  }
}
