// A Lua script of ours: EVALSHA by its digest, EVAL with its text where the server does not have it. No Redis Functions: two
// versions of the program in a rolling deploy would write over each other's library.
import { createHash } from 'node:crypto'

export type Script = { readonly name: string; readonly text: string; readonly sha1: string }

export function defineScript(name: string, text: string): Script {
  const trimmed = text.trim()
  return { name, text: trimmed, sha1: createHash('sha1').update(trimmed, 'utf8').digest('hex') }
}
