// Which answer of which chat is running: kept outside of the page's memory, so that a reload finds it again.
import type { Store } from './options.js'

export type Running = { readonly streamId: string; readonly messageId: string }

export type RunningAnswers = {
  of(chatId: string): Running | null
  keep(chatId: string, running: Running): void
  /** Forgets it, unless another answer of this chat has begun. */
  forget(chatId: string, streamId: string): void
}

function memory(): Store {
  const values = new Map<string, string>()
  return {
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: key => void values.delete(key),
  }
}

/** Null where there is none, or where the browser forbids it. */
function ofSession(): Store | null {
  try {
    return (globalThis as { readonly sessionStorage?: Store }).sessionStorage ?? null
  } catch {
    return null
  }
}

export function runningAnswers(given: Store | undefined): RunningAnswers {
  const store = given ?? ofSession() ?? memory()
  const keyOf = (chatId: string): string => `g6-stream:${chatId}`
  const of = (chatId: string): Running | null => {
    try {
      const { streamId, messageId } = JSON.parse(store.getItem(keyOf(chatId)) ?? 'null') as Partial<Running>
      return typeof streamId === 'string' && typeof messageId === 'string' ? { streamId, messageId } : null
    } catch {
      return null
    }
  }
  return {
    of,
    keep: (chatId, running) => {
      try {
        store.setItem(keyOf(chatId), JSON.stringify(running))
      } catch {
        // A full store: the answer goes on, and a reload does not find it.
      }
    },
    forget: (chatId, streamId) => {
      if (of(chatId)?.streamId === streamId) store.removeItem(keyOf(chatId))
    },
  }
}
