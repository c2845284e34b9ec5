// Where a question is written; other parts of the page give it the focus.
export const QUESTION_ID = 'question'

export function focusComposer(): void {
  document.getElementById(QUESTION_ID)?.focus({ preventScroll: true })
}
