// Where a question is written; other parts of the page give it the focus.
import { stop } from '../state/chat.js'

export const QUESTION_ID = 'question'

export function focusComposer(): void {
  document.getElementById(QUESTION_ID)?.focus({ preventScroll: true })
}

/** Where there is a keyboard: with a finger, that of the screen would cover what is read. */
export function focusComposerByKeys(): void {
  if (matchMedia('(pointer: fine)').matches) focusComposer()
}

/** Its button goes away. */
export function stopHere(): void {
  void stop()
  focusComposerByKeys()
}
