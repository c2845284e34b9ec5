// What could identify somebody is stored as a commitment: HMAC-SHA-256 under the salt of the subject. With the salt one can
// show that a value was the one meant; once the salt is deleted, nobody can, not even with the key.
import { createHmac, randomBytes } from 'node:crypto'

const SALT_BYTES = 32

export function freshSalt(): Buffer {
  return randomBytes(SALT_BYTES)
}

/** Hex. */
export function commitmentTo(value: string, salt: Uint8Array): string {
  return createHmac('sha256', salt).update(value).digest('hex')
}

/** How a subject can be looked for. A person has a `person` key and, besides, `name`s: subject claim and email. */
export type SubjectName = {
  readonly kind: 'person' | 'name' | 'stream' | 'address'
  readonly text: string
}

/** Finds a subject's salt without storing who it is; goes with the salt when the subject is erased. Hex. */
export function lookupOf(key: Uint8Array, { kind, text }: SubjectName): string {
  const spelled = kind === 'name' ? text.trim().toLowerCase() : text
  return createHmac('sha256', key).update(`g6-audit-lookup\0${kind}\0${spelled}`).digest('hex')
}
