// The token, kept for this tab alone (sessionStorage) and sent as a header, never in an address.
import { type ReadonlySignal, signal } from '@preact/signals'
import { storagePath } from './base.js'

const KEY = `g6-token${storagePath}`

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null // storage is blocked: the page asks again after a reload
  }
}

const held = signal<string | null>(stored())

export const token: ReadonlySignal<string | null> = held

/** Null forgets it. */
export function setToken(text: string | null): void {
  held.value = text
  try {
    if (text === null) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, text)
  } catch {
    // Storage is blocked: the token is kept until the page is closed.
  }
}
