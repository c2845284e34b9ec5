// What the fleet writes to Redis, encrypted: AES-256-GCM with a key that its servers share. What a text is about (its key in Redis, and
// its id there) is authenticated with it, so that a text in the place of another one is refused, and an old one in the place of a newer one.
//
// A random nonce of 96 bits for each text: with one key some 4 billion texts may be written before two are likely the same with 2^-32;
// at 20 changes a second that is seven years. Answers of the relay are written far more often, so each of them has keys of its own
// (`within`). Cost: 2 µs and 1 µs a KB each way.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

const MARK = 's1.'
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Of a file: the new key and those before it. */
const MOST_KEYS = 4

export interface Seal {
  readonly hasKey: boolean
  seal(text: string, about: string): string
  /** Null: it is not what a server with one of these keys wrote there. */
  open(text: string, about: string): string | null
  sealBytes(bytes: Buffer, about: string): Buffer
  /** Null: as with a text. */
  openBytes(bytes: Buffer, about: string): Buffer | null
  /** With keys made from these ones for this purpose alone, so that the number of its texts is all that counts for its nonces. */
  within(purpose: string): Seal
}

/** Without keys: everything is written in clear, and what others encrypted cannot be read. */
export const CLEAR: Seal = {
  hasKey: false,
  seal: text => text,
  open: text => (text.startsWith(MARK) ? null : text),
  sealBytes: bytes => bytes,
  openBytes: bytes => bytes,
  within: () => CLEAR,
}

/** The first key encrypts; all of them decrypt. */
export class KeySeal implements Seal {
  readonly hasKey = true
  readonly #keys: readonly Buffer[]

  constructor(keys: readonly Buffer[]) {
    this.#keys = keys
  }

  seal(text: string, about: string): string {
    return MARK + this.sealBytes(Buffer.from(text), about).toString('base64')
  }

  open(text: string, about: string): string | null {
    if (!text.startsWith(MARK)) return null
    const bytes = Buffer.from(text.slice(MARK.length), 'base64')
    return this.openBytes(bytes, about)?.toString('utf8') ?? null
  }

  sealBytes(bytes: Buffer, about: string): Buffer {
    const [key] = this.#keys
    if (key === undefined) throw new Error('no key')
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(about))
    const sealed = [cipher.update(bytes), cipher.final()]
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed])
  }

  openBytes(bytes: Buffer, about: string): Buffer | null {
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
    for (const key of this.#keys) {
      const opened = openedWith(key, bytes, about)
      if (opened !== null) return opened
    }
    return null
  }

  within(purpose: string): Seal {
    return new KeySeal(this.#keys.map(key => createHmac('sha256', key).update(purpose).digest()))
  }
}

function openedWith(key: Buffer, bytes: Buffer, about: string): Buffer | null {
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(about)).setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    // Another key wrote it, or it stood elsewhere.
    return null
  }
}

/** The keys of a file: one a line, 32 bytes each as base64 or hex. Throws an Error that says what is wrong. */
export function keysFrom(text: string): readonly Buffer[] {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
  const keys = lines.map(line => Buffer.from(line, /^[0-9a-f]{64}$/i.test(line) ? 'hex' : 'base64'))
  const wrong = keys.findIndex(({ length }) => length !== KEY_BYTES)
  if (keys.length === 0 || keys.length > MOST_KEYS || wrong !== -1)
    throw new Error(
      `it must have 1 to ${MOST_KEYS} keys, one a line, each ${KEY_BYTES} bytes as base64 or hex (openssl rand -base64 32)` +
        (wrong === -1 ? `; it has ${keys.length}` : `; key ${wrong + 1} has ${keys[wrong]?.length} bytes`),
    )
  return keys
}
