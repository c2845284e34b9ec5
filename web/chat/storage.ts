// What this tab keeps. Where the browser allows no storage nothing is kept, and everything else works.
import { storagePath } from '../state/base.js'
import { keptText, turnsIn } from './conversation/keep.js'
import type { Turn } from './conversation/turn.js'

type Names = 'token' | 'conversation' | 'draft' | 'scroll'

function read(store: Storage | null, key: string): string | null {
  try {
    return store?.getItem(key) ?? null
  } catch {
    return null
  }
}

export type Keep = {
  /** Of the last write: how many turns are kept; null: the browser keeps nothing. */
  readonly turns: () => readonly Turn[]
  /** Resolves to how many of them are kept; null: none, the browser allows no storage. */
  readonly setTurns: (turns: readonly Turn[]) => number | null
  readonly get: (name: Exclude<Names, 'conversation'>) => string
  readonly set: (name: Exclude<Names, 'conversation'>, text: string) => void
}

/** Null where the browser blocks storage. */
function sessionStore(): Storage | null {
  try {
    return globalThis.sessionStorage
  } catch {
    return null
  }
}

export function createKeep(store: Storage | null = sessionStore()): Keep {
  const key = (name: Names | 'turns'): string => `g6-chat${storagePath.replace(/\/$/, '')}-${name}`
  /** False: it is not kept. */
  function write(name: Names, text: string): boolean {
    try {
      if (text === '') store?.removeItem(key(name))
      else store?.setItem(key(name), text)
      return store !== null
    } catch {
      return false // full, or blocked
    }
  }
  try {
    store?.removeItem(key('turns')) // of version 1
  } catch {
    // Blocked: there is nothing to remove.
  }
  return {
    turns: () => turnsIn(read(store, key('conversation'))),
    setTurns: turns => {
      const { text, kept } = keptText(turns)
      return write('conversation', turns.length === 0 ? '' : text) ? kept : null
    },
    get: name => read(store, key(name)) ?? '',
    set: (name, text) => void write(name, text),
  }
}
