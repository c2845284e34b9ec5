// What one frame of an upstream says, before the state of its answer is known. Each dialect reads its frames into remarks without
// state of its own; normalise.ts turns them into events, and the wires of pass-through look at them only.
import type { UpstreamEvent } from '../events.js'

export type Remark =
  | Exclude<UpstreamEvent, { readonly type: 'done' | 'error' }>
  /** Text that may hold `[METADATA]{json}`. */
  | { readonly type: 'marked_text'; readonly data: string }
  /** The whole answer once more, or for the first time: counts only when nothing of it came before. */
  | { readonly type: 'whole'; readonly remarks: readonly Remark[] }
  | { readonly type: 'model'; readonly name: string }
  /** It asks for a tool. */
  | { readonly type: 'tool' }
  /** Why it ended; counts and the terminal may follow. */
  | { readonly type: 'reason'; readonly word: string }
  /** The terminal of the dialect; `word` null: without a reason of its own. */
  | { readonly type: 'end'; readonly word: string | null }
  | { readonly type: 'failure' }
  /** A part of the answer in a form that cannot be read: to go on would leave a gap. */
  | { readonly type: 'unreadable' }
  /** What is left out on purpose: counted. */
  | { readonly type: 'left_out'; readonly kind: string }

export const NOTHING: readonly Remark[] = []
export const FAILURE: readonly Remark[] = [{ type: 'failure' }]
