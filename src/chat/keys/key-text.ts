// The text of a relay key: `g6_` and 32 random bytes. Only its SHA-256 is kept: so much randomness needs no slow hash.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'g6_'
const BYTES = 32
/** Above it nothing is hashed: no key is so long. */
const MAX_LENGTH = 256

export function newKeyText(): string {
  return `${PREFIX}${randomBytes(BYTES).toString('base64url')}`
}

/** Whether it claims to be one; then nothing but a key of ours is accepted. */
export function isKeyText(text: string): boolean {
  return text.startsWith(PREFIX)
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text.slice(0, MAX_LENGTH)).digest()
}

/** The key of a text among those with this digest in hex. The digests are compared once more, in constant time. */
export function keyOf<T extends { readonly digest: Buffer }>(
  byDigest: ReadonlyMap<string, T>,
  text: string,
): T | null {
  const digest = digestOf(text)
  const found = byDigest.get(digest.toString('hex'))
  return found !== undefined && timingSafeEqual(found.digest, digest) ? found : null
}
