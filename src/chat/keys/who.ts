// Who calls, decided from what each credential of a request turned out to be. Pure: callers.ts verifies, this decides.
import type { ErrorCode } from '../../contract/errors.js'
import type { Verified } from '../../contract/plugin.js'
import type { FoundKey, RelayKey } from '../ports.js'

/** What a credential turned out to be. */
export type Meaning =
  /** `own`: a secret of this server, which identifies nobody. `unchecked`: a JWT, and there is no key to verify it with. */
  | { readonly kind: 'none' | 'own' | 'internal' | 'unchecked' | 'foreign' }
  | { readonly kind: 'key'; readonly found: FoundKey }
  /** Null: not valid. */
  | { readonly kind: 'person'; readonly verified: Verified | null }

/** A header that a credential may come in: `Authorization: Bearer` or `x-api-key`. */
export type Place = 'bearer' | 'apiKey'
export type Meanings = Readonly<Record<Place, Meaning>>

export type CallerFacts = {
  /** `pass`: the routes of pass-through, whose clients always send some key. */
  readonly routes: 'chat' | 'pass'
  /** The server's own token let the request in. */
  readonly hasServerToken: boolean
  /** Only this machine reaches the ports. */
  readonly isLocal: boolean
  /** G6_CHAT_ANONYMOUS. */
  readonly allowsAnonymous: boolean
  /** G6_RELAY_ANONYMOUS. */
  readonly allowsAnonymousPass: boolean
  /** G6_RELAY_FORWARD_KEY, and a backend that takes the keys of callers. */
  readonly forwardsKeys: boolean
}

export type Who = {
  readonly ok: true
  readonly verified: Verified | null
  /** Where the person's token was. */
  readonly personIn: Place | null
  /** Null for a person, who needs none. */
  readonly relayKey: RelayKey | null
  /** An internal caller: only the limits of the instance apply. */
  readonly isInternal: boolean
  /** Where the key is that may go on to the backend that takes such keys; null: nothing may. */
  readonly forwards: Place | null
}

export type NotIn = { readonly ok: false; readonly code: ErrorCode; readonly isGuess: boolean }

const PLACES: readonly Place[] = ['bearer', 'apiKey']

/** A credential of ours that is not valid is refused wherever it comes, also next to a valid one. */
function refusalOf(meaning: Meaning): NotIn | null {
  if (meaning.kind === 'person' && meaning.verified === null) {
    return { ok: false, code: 'token_wrong', isGuess: true }
  }
  if (meaning.kind !== 'key' || meaning.found.kind === 'found') return null
  if (meaning.found.kind === 'unavailable') return { ok: false, code: 'keys_unavailable', isGuess: false }
  return { ok: false, code: 'key_wrong', isGuess: meaning.found.kind === 'unknown' }
}

function personAt({ bearer, apiKey }: Meanings): Pick<Who, 'verified' | 'personIn'> {
  if (bearer.kind === 'person') return { verified: bearer.verified, personIn: 'bearer' }
  if (apiKey.kind === 'person') return { verified: apiKey.verified, personIn: 'apiKey' }
  return { verified: null, personIn: null }
}

function keyAt(meanings: Meanings): RelayKey | null {
  const found = PLACES.map(place => meanings[place]).find(({ kind }) => kind === 'key')
  return found?.kind === 'key' && found.found.kind === 'found' ? found.found.key : null
}

export function decideCaller(meanings: Meanings, facts: CallerFacts): Who | NotIn {
  for (const place of PLACES) {
    const refusal = refusalOf(meanings[place])
    if (refusal !== null) return refusal
  }
  const person = personAt(meanings)
  const isForeign = (place: Place): boolean => meanings[place].kind === 'foreign'
  const who: Who = {
    ok: true,
    ...person,
    relayKey: person.verified === null ? keyAt(meanings) : null,
    isInternal: meanings.apiKey.kind === 'internal',
    forwards: facts.routes === 'pass' && facts.forwardsKeys ? (PLACES.find(isForeign) ?? null) : null,
  }
  if (who.verified !== null || who.relayKey !== null) return who
  const code = anonymousRefusal(who, meanings.bearer, facts)
  return code === null ? who : { ok: false, code, isGuess: false }
}

/** For a caller without identity; null: it is let in. */
function anonymousRefusal(
  { isInternal, forwards }: Who,
  bearer: Meaning,
  facts: CallerFacts,
): ErrorCode | null {
  if (facts.routes === 'chat') {
    if (facts.allowsAnonymous) return null
    return bearer.kind === 'unchecked' ? 'no_token_key' : 'token_missing'
  }
  if (!facts.allowsAnonymous) return 'caller_unknown'
  // Everybody else spends the operator's money: on this machine that is its own people's.
  const isTrusted = facts.hasServerToken || isInternal || forwards !== null
  return isTrusted || facts.isLocal || facts.allowsAnonymousPass ? null : 'caller_unknown'
}

/** Where the server requires its token and none came: whose credentials these are, the error, or null: a relay key's. */
export function guardVerdict(meanings: Meanings): Verified | ErrorCode | null {
  for (const place of PLACES) {
    const refusal = refusalOf(meanings[place])
    if (refusal !== null) return refusal.code
  }
  const { verified } = personAt(meanings)
  if (verified !== null) return verified
  if (keyAt(meanings) !== null) return null
  const kinds = PLACES.map(place => meanings[place].kind)
  if (kinds.includes('unchecked')) return 'no_token_key'
  return meanings.bearer.kind === 'none' ? 'token_missing' : 'token_wrong'
}
