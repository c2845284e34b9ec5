// Preferences stored in this browser: each is a signal with its own name. Any version of the page may have written the stored value,
// so it is parsed, and an invalid one gives the default.
import { effect, type Signal, signal } from '@preact/signals'
import { storagePath } from './base.js'

const PREFIX = `g6-page.${storagePath}`
/** A longer preference is not stored; it applies until the page is closed. */
const MAX_LENGTH = 16_384

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

function readJson(text: string | null): unknown {
  if (text === null || text.length > MAX_LENGTH) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not ours, or cut: same as none
  }
}

/** Null where the browser blocks storage. */
function browserStore(): Store | null {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

/** `parse` turns the stored value into a valid one; it gets `undefined` when nothing is stored. */
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
      // Full or blocked: the value applies in this tab.
    }
  })
  return value
}

/** A bounded list of distinct short texts, such as panel keys. */
export function textList(stored: unknown, max = 64): readonly string[] {
  if (!Array.isArray(stored)) return []
  const texts = stored.filter((each): each is string => typeof each === 'string' && each.length <= 128)
  return [...new Set(texts)].slice(0, max)
}
