// Secrets that a source names: an environment variable, or a file. A file is read again for each use, so that a new secret is
// used at once; while it cannot be read, the last one is.
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { SecretRef } from './declared.js'

const MAX_BYTES = 64 * 1024
/** What a header can carry, with blanks between words. */
const USABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

export type Environment = Readonly<Record<string, string | undefined>>

/** Names what is wrong, and no part of the secret. */
export class SecretFault extends Error {
  override readonly name = 'SecretFault'
}

export class Secret {
  readonly #ref: SecretRef
  readonly #what: string
  readonly #env: Environment
  #last: string | null = null

  /** `what`: what it is for, as in "the header authorization". */
  constructor(ref: SecretRef, what: string, env: Environment = process.env) {
    this.#ref = ref
    this.#what = what
    this.#env = env
  }

  /** Throws SecretFault when there is none. */
  async read(): Promise<string> {
    const ref = this.#ref
    if ('env' in ref)
      return this.#checked(this.#env[ref.env], `the environment variable ${ref.env}`, 'is not set')
    try {
      this.#last = this.#checked(await textIn(ref.file), 'its file', 'is empty')
    } catch (error) {
      if (this.#last === null) throw this.#fault(error)
    }
    return this.#last
  }

  /** For the start; it blocks for as long as the file system takes. Throws SecretFault. */
  readNow(): string {
    const ref = this.#ref
    if ('env' in ref)
      return this.#checked(this.#env[ref.env], `the environment variable ${ref.env}`, 'is not set')
    try {
      const text = readFileSync(ref.file, 'utf8')
      this.#last = this.#checked(text, 'its file', 'is empty')
      return this.#last
    } catch (error) {
      throw this.#fault(error)
    }
  }

  #checked(raw: string | undefined, where: string, missing: string): string {
    const text = raw?.replace(/^\ufeff/, '').trim() ?? ''
    if (text === '') throw new SecretFault(`${this.#what}: ${where} ${missing}`)
    if (!USABLE.test(text))
      throw new SecretFault(
        `${this.#what}: ${where} has characters that a header cannot carry; allowed: one line of ASCII`,
      )
    return text
  }

  #fault(error: unknown): SecretFault {
    if (error instanceof SecretFault) return error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return new SecretFault(`${this.#what}: its file cannot be read (${code})`)
  }
}

/** Also of a pipe; reads a limited number of bytes. */
async function textIn(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1)
    let size = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size, null)
      size += bytesRead
      if (size > MAX_BYTES)
        throw Object.assign(new Error('too large'), { code: `larger than ${MAX_BYTES} bytes` })
      if (bytesRead === 0) return buffer.toString('utf8', 0, size)
    }
  } finally {
    await file.close()
  }
}
