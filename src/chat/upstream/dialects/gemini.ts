// Gemini's generateContent: chunks and whole answers have one form. There is no terminal: the body ends after the reason.
import type { JsonObject } from '../../events.js'
import type { Remark } from '../remark.js'
import { record, tokenCounts } from '../values.js'
import { contentOf } from './content.js'

/** Null: no frame of this dialect. */
export function gemini(frame: JsonObject): readonly Remark[] | null {
  const { candidates, promptFeedback, usageMetadata } = frame
  if (!Array.isArray(candidates) && promptFeedback === undefined && usageMetadata === undefined) return null
  const remarks: Remark[] = []
  if (typeof frame.modelVersion === 'string') remarks.push({ type: 'model', name: frame.modelVersion })
  for (const [at, each] of (Array.isArray(candidates) ? candidates : []).entries()) {
    const candidate = record(each)
    if (candidate === null) continue
    if ((candidate.index ?? at) !== 0) remarks.push({ type: 'left_out', kind: 'candidates beyond the first' })
    else takeCandidate(candidate, remarks)
  }
  const counts = tokenCounts(usageMetadata)
  if (counts !== null) remarks.push({ type: 'usage', data: counts })
  const blocked = record(promptFeedback)?.blockReason
  if (typeof blocked === 'string') remarks.push({ type: 'reason', word: 'blocked' })
  return remarks
}

function takeCandidate(candidate: JsonObject, remarks: Remark[]): void {
  const parts = record(candidate.content)?.parts
  for (const each of Array.isArray(parts) ? parts : []) {
    const part = record(each)
    if (part?.functionCall !== undefined || part?.executableCode !== undefined) remarks.push({ type: 'tool' })
    else if (part?.codeExecutionResult === undefined) remarks.push(...contentOf(each))
  }
  const reason = candidate.finishReason
  if (typeof reason === 'string') remarks.push({ type: 'reason', word: reason })
}
