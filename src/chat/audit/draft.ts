// From what the relay tells to what may be written. This is the only place that decides what of an entry is kept, as what:
// plainly, as a commitment, or not at all. Nothing is shortened or counted of the question: no length, no prefix.
import type { Person } from '../../contract/plugin.js'
import type { AuditEntry } from '../ports.js'
import type { SubjectName } from './commitment.js'

type Plain = string | number | null | readonly string[]

/** A record on its way to the store; `secrets` never leave it but as commitments. */
export type Draft = {
  readonly atMs: number
  readonly operation: string
  readonly streamId: string | null
  /** Whom it concerns; the first name is what the subject is found by. Empty: nobody. */
  readonly subject: readonly SubjectName[]
  readonly secrets: Readonly<Record<string, string>>
  /** Those of `secrets` that are also kept as they are, outside the chain, until erasure or retention. */
  readonly kept: readonly string[]
  readonly details: Readonly<Record<string, Plain>>
}

export type DraftOptions = {
  /** `G6_AUDIT_STORE_EMAIL`. */
  readonly storeEmail: boolean
}

/** `person.key` is `<issuer>|<subject>` (identity.ts); people ask for erasure by subject or email. */
function namesOf(person: Person): readonly SubjectName[] {
  const subject = person.key.slice(person.key.indexOf('|') + 1)
  const names: SubjectName[] = [
    { kind: 'person', text: person.key },
    { kind: 'name', text: subject },
  ]
  if (person.email !== null) names.push({ kind: 'name', text: person.email })
  return names
}

const ofPerson = (person: Person | null): Readonly<Record<string, string>> =>
  person === null || person.email === null ? {} : { email: person.email }

const whole = (value: number): number => Math.round(value)

type StreamEntry = Extract<AuditEntry, { readonly streamId: string }>

function ofStream(entry: StreamEntry): Pick<Draft, 'details'> & Partial<Pick<Draft, 'secrets'>> {
  switch (entry.operation) {
    case 'stream.start': {
      const { query, sessionId, upstream } = entry
      const session: Record<string, string> = sessionId === null ? {} : { session: sessionId }
      return { details: { upstream }, secrets: { ...ofPerson(entry.person), query, ...session } }
    }
    case 'stream.end': {
      const { reason, tokens, bytes, firstTokenMs, durationMs, upstreams } = entry
      const first = firstTokenMs === null ? null : whole(firstTokenMs)
      return {
        details: { reason, tokens, bytes, firstTokenMs: first, durationMs: whole(durationMs), upstreams },
      }
    }
    case 'stream.resume':
      return { details: { after: entry.after } }
    case 'stream.stop':
      return { details: {} }
  }
}

export function draftOf(entry: AuditEntry, { storeEmail }: DraftOptions): Draft {
  const { operation } = entry
  const atMs = whole(entry.atMs)
  const kept = storeEmail && entry.person !== null && entry.person.email !== null ? ['email'] : []
  if ('streamId' in entry) {
    const { streamId, connectionId, requestId, person } = entry
    const { details, secrets = {} } = ofStream(entry)
    return {
      atMs,
      operation,
      streamId,
      // Nobody known: the stream is its own subject, so that no two anonymous streams can be linked.
      subject: person === null ? [{ kind: 'stream', text: streamId }] : namesOf(person),
      // Clients choose connection and request ids themselves, and may say who they are with them.
      secrets: { ...secrets, connection: connectionId, request: requestId },
      kept: 'email' in secrets ? kept : [],
      details,
    }
  }
  if (entry.operation === 'auth.token_verified') {
    const { person } = entry
    const secrets = { ...ofPerson(person), token: person.tokenId }
    return { atMs, operation, streamId: null, subject: namesOf(person), secrets, kept, details: {} }
  }
  const { person, address, requestId, code } = entry
  return {
    atMs,
    operation,
    streamId: null,
    subject: person === null ? [{ kind: 'address', text: address }] : namesOf(person),
    secrets: { ...ofPerson(person), address, request: requestId },
    kept: ['address', ...kept],
    details: { code },
  }
}

/** A record of the trail about itself. */
export function ownDraft(operation: `audit.${string}`, atMs: number, details: Draft['details']): Draft {
  return { atMs: whole(atMs), operation, streamId: null, subject: [], secrets: {}, kept: [], details }
}

/** JSON with sorted members: one spelling for one content. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
