// Listens for keys and runs their actions, except while a dialog is open.
import { actionOf, type KeyAction } from './keys.js'

export type KeyActions = Readonly<Record<KeyAction, () => void>>

/** Starts to listen; returns a function that stops it. */
export function startKeys(actions: KeyActions): () => void {
  const life = new AbortController()
  document.addEventListener(
    'keydown',
    event => {
      const target = event.target instanceof HTMLElement ? event.target : document.body
      const action = actionOf({
        key: event.key,
        ctrlKey: event.ctrlKey,
        altKey: event.altKey,
        metaKey: event.metaKey,
        repeat: event.repeat,
        isTaken:
          event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]') !== null,
        tag: target.tagName,
        isEditable: target.isContentEditable,
      })
      if (action === null) return
      // An element that gets the focus now must not receive the key too.
      event.preventDefault()
      actions[action]()
    },
    { signal: life.signal },
  )
  return () => life.abort()
}
