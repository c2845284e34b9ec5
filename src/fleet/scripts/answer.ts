// What scripts answer, read at the border: another version, or something else that writes to this Redis, may have made it.
import { z } from 'zod'
import { type Lease, parseLease } from '../lease.js'

/** A script answered with something that no version of ours answers. */
export class StrangeAnswerError extends Error {
  override readonly name = 'StrangeAnswerError'
}

export const wholeNumber = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,15}$/)]).transform(Number)

export const lease = z.string().transform((text, context): Lease | null => {
  const parsed = parseLease(text)
  if (parsed !== undefined) return parsed
  context.issues.push({ code: 'custom', message: 'not a lease', input: text })
  return z.NEVER
})

export function readAnswer<T extends z.ZodType>(script: string, schema: T, reply: unknown): z.output<T> {
  const read = schema.safeParse(reply)
  if (read.success) return read.data
  throw new StrangeAnswerError(`the script ${script} answered in a form that this version does not know`)
}
