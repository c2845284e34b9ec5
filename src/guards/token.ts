// Guard 4: the token. We compare digests of equal length, made with a key of this process, in constant time: so the time of an
// answer reveals neither the length nor a common prefix of a wrong token.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Presented } from '../contract/plugin.js'

/** A longer token is cut before it is compared; the header limit is 16 KiB anyway. */
const MAX_TOKEN_LENGTH = 4096

const PROCESS_KEY = randomBytes(32)

function digest(text: string): Buffer {
  return createHmac('sha256', PROCESS_KEY).update(text).digest()
}

/** The tokens in force: the current one and, during rotation, the previous one. */
export type TokenSet = {
  /** False: no token is set, and none is needed. */
  readonly required: boolean
  /** The owner mark of the equal token, or null. Takes the same time for every wrong one. */
  ownerOf(token: string): string | null
  /** Whether the token behind an owner mark is still in force. */
  stillValid(owner: string | null): boolean
  /** Each with its owner mark; for keys that are made from them. */
  readonly inForce: readonly { readonly owner: string; readonly token: string }[]
}

/** An owner mark is opaque, valid in this process only, and reveals nothing about the token. */
export function tokenSet(current: string | null, previous: string | null): TokenSet {
  // A previous token without a current one is ignored: rotation is between two tokens.
  const tokens = current === null ? [] : previous === null ? [current] : [current, previous]
  const known = tokens.map(token => {
    const bytes = digest(token)
    return { bytes, token, owner: bytes.toString('base64url') }
  })
  return {
    required: known.length > 0,
    ownerOf: token => {
      const given = digest(token.slice(0, MAX_TOKEN_LENGTH))
      let owner: string | null = null
      for (const { bytes, owner: name } of known) if (timingSafeEqual(bytes, given)) owner ??= name
      return owner
    },
    stillValid: owner => known.length === 0 || known.some(token => token.owner === owner),
    inForce: known.map(({ owner, token }) => ({ owner, token })),
  }
}

type Header = string | readonly string[] | undefined

function one(header: Header): string | null {
  const value = typeof header === 'string' ? header.trim() : ''
  return value === '' ? null : value
}

/** `X-API-Token`, `Authorization: Bearer` (RFC 6750; we ignore other schemes) and `x-api-key`. */
export function presentedTokens(headers: Readonly<Record<string, Header>>): Presented {
  const bearer = /^bearer +(\S+)$/i.exec(one(headers.authorization) ?? '')?.[1] ?? null
  return { apiToken: one(headers['x-api-token']), bearer, apiKey: one(headers['x-api-key']) }
}
