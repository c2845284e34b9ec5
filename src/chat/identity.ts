// Verifies a Bearer JWT with published keys (`G6_CHAT_JWKS_URL`) or a shared secret (`G6_CHAT_JWT_SECRET`): RFC 7519, RFC
// 8725. The caller never learns why a token failed. The library is loaded with the first token, so a server whose relay is
// off does without it.
import { createHash } from 'node:crypto'
import type * as joseLibrary from 'jose'
import type { FetchImplementation, JWTPayload, JWTVerifyGetKey } from 'jose'
import { bodyText } from '../../client/body.js'
import { type Clock, systemClock } from '../clock/clock.js'
import type { Config } from '../config/settings.js'
import type { Person } from '../contract/plugin.js'
import type { Log } from '../log/log.js'
import { outgoingFetch } from '../outgoing/fetch.js'
import type { Identity } from './ports.js'

export type IdentitySettings = Pick<
  Config,
  'chatJwksUrl' | 'chatJwtSecret' | 'chatJwtIssuer' | 'chatJwtAudience'
>

export type IdentityParts = {
  /** The settings in force; another object after a reload. */
  readonly settings: () => IdentitySettings
  readonly log: Log
  readonly clock?: Clock
  /** Called once in the lifetime of a token. */
  readonly onFirstSight?: (person: Person) => void
  /** For fetching the published keys. */
  readonly fetch?: FetchImplementation
}

type Jose = typeof joseLibrary

const MAX_TOKEN_LENGTH = 16 * 1024
/** Allowed difference to the issuer's clock. */
const CLOCK_TOLERANCE_SEC = 5
const KEYS_TIMEOUT_MS = 5_000
/** Limit of a document of published keys, decompressed. */
const MAX_KEYS_BYTES = 1024 * 1024
/** Limits the log lines about unreachable keys. */
const LOG_EVERY_MS = 60_000
/** Tokens remembered as seen; beyond this the oldest are forgotten, and reported again. */
const MAX_SEEN = 10_000

// Disjoint lists, so that a public key is never used as a secret (RFC 8725, 2.1).
const OF_SECRET = ['HS256', 'HS384', 'HS512']
const OF_PUBLISHED_KEYS = [
  ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
].flat()

const textOrNull = (claim: unknown): string | null =>
  typeof claim === 'string' && claim !== '' ? claim : null

function personOf({ iss = '', sub = '', jti, email, role }: JWTPayload, bearer: string): Person {
  return {
    // The encoded issuer has no `|`, so every pair has its own key.
    key: `${encodeURIComponent(iss)}|${sub}`,
    email: textOrNull(email),
    role: textOrNull(role),
    tokenId: textOrNull(jti) ?? createHash('sha256').update(bearer).digest('base64url'),
  }
}

/** Fetches a document of published keys within the limit; the signal limits its time. */
const fetchKeys: FetchImplementation = async (url, options) => {
  const response = await outgoingFetch(url, options)
  if (response.status === 200) return new Response(await bodyText(response, MAX_KEYS_BYTES, options.signal))
  await response.body?.cancel()
  return response
}

export function createIdentity(parts: IdentityParts): Identity {
  const { settings, log, clock = systemClock, onFirstSight } = parts
  let jose: Jose | null = null
  let published: { readonly url: string; readonly key: JWTVerifyGetKey } | null = null
  /** Token → when it expires, epoch ms. */
  const seen = new Map<string, number>()
  let loggedAtMs = Number.NEGATIVE_INFINITY

  function keysAt(url: string, { createRemoteJWKSet, customFetch }: Jose): JWTVerifyGetKey {
    if (published?.url !== url) {
      const options = {
        timeoutDuration: KEYS_TIMEOUT_MS,
        [customFetch]: parts.fetch ?? fetchKeys,
      }
      published = { url, key: createRemoteJWKSet(new URL(url), options) }
    }
    return published.key
  }

  async function payloadOf(bearer: string, jose: Jose): Promise<JWTPayload | null> {
    const { chatJwksUrl, chatJwtSecret, chatJwtIssuer, chatJwtAudience } = settings()
    const options = {
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SEC,
      currentDate: new Date(clock.nowMs()),
      ...(chatJwtIssuer === null ? {} : { issuer: chatJwtIssuer }),
      ...(chatJwtAudience === null ? {} : { audience: chatJwtAudience }),
    }
    if (chatJwksUrl !== null) {
      const asked = { ...options, algorithms: OF_PUBLISHED_KEYS }
      return (await jose.jwtVerify(bearer, keysAt(chatJwksUrl, jose), asked)).payload
    }
    if (chatJwtSecret === null) return null
    const asked = { ...options, algorithms: OF_SECRET }
    return (await jose.jwtVerify(bearer, Buffer.from(chatJwtSecret), asked)).payload
  }

  /** False: our fault or the key server's, which is logged. */
  function isTokensFault(error: unknown, { errors }: Jose): boolean {
    if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
    return error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC'
  }

  function see(person: Person, expiresAtMs: number): void {
    if (onFirstSight === undefined) return
    const mark = `${person.key}\n${person.tokenId}`
    const nowMs = clock.nowMs()
    if ((seen.get(mark) ?? 0) > nowMs) return
    seen.delete(mark)
    seen.set(mark, expiresAtMs + CLOCK_TOLERANCE_SEC * 1000)
    for (const [other, untilMs] of seen) {
      if (untilMs > nowMs && seen.size <= MAX_SEEN) break
      seen.delete(other)
    }
    onFirstSight(person)
  }

  return {
    get rules() {
      const { chatJwksUrl, chatJwtSecret, chatJwtIssuer, chatJwtAudience } = settings()
      const all = JSON.stringify([chatJwksUrl, chatJwtSecret, chatJwtIssuer, chatJwtAudience])
      return createHash('sha256').update(all).digest('base64url')
    },
    get hasKey() {
      const { chatJwksUrl, chatJwtSecret } = settings()
      return chatJwksUrl !== null || chatJwtSecret !== null
    },
    verify: async bearer => {
      if (bearer.length > MAX_TOKEN_LENGTH) return null
      jose ??= await import('jose')
      try {
        const payload = await payloadOf(bearer, jose)
        if (payload === null || textOrNull(payload.sub) === null) return null
        const person = personOf(payload, bearer)
        see(person, (payload.exp ?? 0) * 1000)
        return person
      } catch (error) {
        const nowMs = clock.monotonicMs()
        if (!isTokensFault(error, jose) && nowMs - loggedAtMs >= LOG_EVERY_MS) {
          loggedAtMs = nowMs
          const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
          log.error(
            { code },
            'the keys that verify tokens cannot be fetched (G6_CHAT_JWKS_URL); such tokens are refused',
          )
        }
        return null
      }
    },
  }
}
