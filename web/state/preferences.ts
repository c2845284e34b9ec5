// What a person has arranged, kept in this browser: each preference a signal of its own, stored under its own name. What is
// read back was written by any version, or by anybody: it is parsed, and what makes no sense is the default.
import { effect, type Signal, signal } from '@preact/signals'

const PREFIX = 'g6-page.'
/** A preference that outgrows this is not stored; it still holds until the page is left. */
const MAX_LENGTH = 16_384

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

function readJson(text: string | null): unknown {
  if (text === null || text.length > MAX_LENGTH) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // of another program, or cut: as if there were none
  }
}

/** Null where the browser keeps nothing (blocked cookies). */
function browserStore(): Store | null {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

/** `parse` makes a value of whatever was stored; it is given `undefined` where there is nothing. */
export function preference<T>(
  name: string,
  parse: (stored: unknown) => T,
  store: Store | null = browserStore(),
): Signal<T> {
  const key = PREFIX + name
  const value = signal(parse(readJson(store?.getItem(key) ?? null)))
  let wasRead = false
  effect(() => {
    const text = JSON.stringify(value.value)
    if (!wasRead) {
      wasRead = true
      return
    }
    try {
      if (text.length <= MAX_LENGTH) store?.setItem(key, text)
    } catch {
      // Full, or not allowed: it holds in this tab.
    }
  })
  return value
}

/** A bounded list of distinct short texts: keys of panels, mostly. */
export function textList(stored: unknown, max = 64): readonly string[] {
  if (!Array.isArray(stored)) return []
  const texts = stored.filter((each): each is string => typeof each === 'string' && each.length <= 128)
  return [...new Set(texts)].slice(0, max)
}
