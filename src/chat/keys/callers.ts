// Verifies the credentials of a request, once for each request, and says what each is. What follows from it is in who.ts.
import type { Presented, RequestFacts, Verified } from '../../contract/plugin.js'
import { type TokenSet, tokenSet } from '../../guards/token.js'
import type { ChatConfig } from '../chat-config.js'
import type { ChatLimits, Identity, RelayKeys } from '../ports.js'
import { isKeyText } from './key-text.js'
import type { CallerFacts, Meaning, Meanings, Place } from './who.js'

export type CallersParts = {
  readonly config: () => Pick<
    ChatConfig,
    'sseApiToken' | 'sseApiTokenPrevious' | 'pushToken' | 'apiKeysInternal'
  >
  readonly identity: Identity
  readonly keys: RelayKeys
  readonly limits: Pick<ChatLimits, 'bypasses'>
}

/** Null: the token is not valid. */
export async function verifiedBy(identity: Identity, bearer: string): Promise<Verified | null> {
  const { rules } = identity
  const person = await identity.verify(bearer)
  return person === null ? null : { person, rules }
}

/** Three parts of base64url, the first of which is JSON with an algorithm (RFC 7515). */
export function isJwt(text: string): boolean {
  const parts = text.split('.')
  if (parts.length !== 3 || !parts.every(part => /^[\w-]*$/.test(part))) return false
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString())
    return typeof header === 'object' && header !== null && 'alg' in header
  } catch {
    return false // not JSON, so no JWT
  }
}

export class Callers {
  readonly #parts: CallersParts
  readonly #meanings = new WeakMap<RequestFacts, Promise<Meanings>>()
  #own: { readonly from: readonly (string | null)[]; readonly sets: readonly TokenSet[] } = {
    from: [],
    sets: [],
  }

  constructor(parts: CallersParts) {
    this.#parts = parts
  }

  /** What the credentials of this request are; verified when first asked. */
  of(presented: Presented, facts: RequestFacts, routes: CallerFacts['routes']): Promise<Meanings> {
    const known = this.#meanings.get(facts)
    if (known !== undefined) return known
    // Without an X-API-Token it was the Bearer that let the request in as the server's own.
    const isServers = presented.apiToken === null && facts.owner !== null
    const meanings = this.#verify({ ...presented, bearer: isServers ? null : presented.bearer }, routes)
    this.#meanings.set(facts, meanings)
    return meanings
  }

  async #verify(presented: Presented, routes: CallerFacts['routes']): Promise<Meanings> {
    const [bearer, apiKey] = await Promise.all([
      this.#meaningOf(presented.bearer, 'bearer', routes),
      this.#meaningOf(presented.apiKey, 'apiKey', routes),
    ])
    return { bearer, apiKey }
  }

  async #meaningOf(text: string | null, place: Place, routes: CallerFacts['routes']): Promise<Meaning> {
    if (text === null) return { kind: 'none' }
    const { identity, keys, limits } = this.#parts
    if (isKeyText(text)) return { kind: 'key', found: await keys.find(text) }
    if (place === 'apiKey' && limits.bypasses(text)) return { kind: 'internal' }
    if (this.#isOwn(text)) return { kind: 'own' }
    // There a Bearer is a person's token and nothing else. The clients of pass-through send keys of all kinds.
    const isPersons = routes === 'chat' ? place === 'bearer' : isJwt(text)
    if (!isPersons) return { kind: 'foreign' }
    if (!identity.hasKey) return { kind: 'unchecked' }
    return { kind: 'person', verified: await verifiedBy(identity, text) }
  }

  /** Whether a text may never go on to a backend, wherever it is: a secret of this server, a relay key, a JWT. */
  isSecret(text: string): boolean {
    return isKeyText(text) || this.#isOwn(text) || isJwt(text)
  }

  /** A secret of this server: it identifies nobody, and is never sent on. */
  #isOwn(text: string): boolean {
    const { sseApiToken, sseApiTokenPrevious, pushToken, apiKeysInternal } = this.#parts.config()
    const from = [sseApiToken, sseApiTokenPrevious, pushToken, ...apiKeysInternal]
    if (from.length !== this.#own.from.length || from.some((each, i) => each !== this.#own.from[i])) {
      this.#own = { from, sets: from.flatMap(each => (each === null ? [] : [tokenSet(each, null)])) }
    }
    // Compares every one, so that the time does not depend on which matches.
    return this.#own.sets.map(set => set.ownerOf(text) !== null).includes(true)
  }
}
