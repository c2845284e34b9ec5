// The only place that decides what is stored of an entry, and how: plainly, as a commitment, or not at all. Of the question
// nothing is shortened or counted: no length, no prefix. And the entry as a line of the log.
import type { Person } from '../../contract/plugin.js'
import { streamMark } from '../log/chat-log.js'
import type { AuditEntry } from '../ports.js'
import type { SubjectName } from './subjects.js'

type Plain = string | number | null | readonly string[]

/** A record on its way to the store; of `secrets` only commitments are stored. */
export type Draft = {
  readonly atMs: number
  readonly operation: string
  readonly streamId: string | null
  /** Whom it concerns; the first name finds the subject. Empty: nobody. */
  readonly subject: readonly SubjectName[]
  readonly secrets: Readonly<Record<string, string>>
  /** Names in `secrets` whose values are also stored plainly, outside the chain, until erasure or retention. */
  readonly kept: readonly string[]
  readonly details: Readonly<Record<string, Plain>>
}

export type DraftOptions = {
  /** `G6_AUDIT_STORE_EMAIL`. */
  readonly storeEmail: boolean
}

/** `person.key` is `<issuer>|<subject>` (identity.ts); people ask for erasure by subject or email. */
function namesOf({ key, email }: Person): readonly SubjectName[] {
  const subject = key.slice(key.indexOf('|') + 1)
  const names = [subject, ...(email === null ? [] : [email])]
  return [{ kind: 'person', text: key }, ...names.map((text): SubjectName => ({ kind: 'name', text }))]
}

const emailOf = (person: Person | null): Readonly<Record<string, string>> =>
  person === null || person.email === null ? {} : { email: person.email }

/** The name of a relay key is no secret, and identifies no person. */
const keyOf = ({ key }: { readonly key?: string | null }): Readonly<Record<string, string>> =>
  key === null || key === undefined ? {} : { key }

const whole = (value: number): number => Math.round(value)

type StreamEntry = Extract<AuditEntry, { readonly streamId: string }>

function ofStream(entry: StreamEntry): Pick<Draft, 'details'> & Partial<Pick<Draft, 'secrets'>> {
  switch (entry.operation) {
    case 'stream.start': {
      const { query, sessionId, upstream } = entry
      const session: Record<string, string> = sessionId === null ? {} : { session: sessionId }
      return { details: { upstream }, secrets: { ...emailOf(entry.person), query, ...session } }
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
  const { operation, person } = entry
  const names = person === null ? null : namesOf(person)
  const kept = storeEmail && 'email' in emailOf(person) ? ['email'] : []
  const base = { atMs: whole(entry.atMs), operation, streamId: null, details: {} }
  if ('streamId' in entry) {
    const { streamId, connectionId, requestId } = entry
    const { details, secrets = {} } = ofStream(entry)
    return {
      ...base,
      streamId,
      // An anonymous stream is its own subject, so that no two of them can be linked.
      subject: names ?? [{ kind: 'stream', text: streamId }],
      // Clients choose connection and request ids, which may identify them.
      secrets: { ...secrets, connection: connectionId, request: requestId },
      kept: 'email' in secrets ? kept : [],
      details: { ...details, ...keyOf(entry) },
    }
  }
  if (entry.operation === 'auth.token_verified') {
    const secrets = { ...emailOf(person), token: entry.person.tokenId }
    return { ...base, subject: namesOf(entry.person), secrets, kept }
  }
  const { address, requestId, code } = entry
  return {
    ...base,
    subject: names ?? [{ kind: 'address', text: address }],
    secrets: { ...emailOf(person), address, request: requestId },
    kept: ['address', ...kept],
    details: { code, ...keyOf(entry) },
  }
}

/** A record that the trail writes on its own. */
export function ownDraft(
  operation: `audit.${string}` | 'stream.end',
  atMs: number,
  details: Draft['details'],
): Draft {
  return { atMs: whole(atMs), operation, streamId: null, subject: [], secrets: {}, kept: [], details }
}

/** JSON with sorted members: one spelling for the same content. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly operation: string }

/** For the log, and so for Loki: no name, address or question, no id that gives access. Null: the guards have logged it. */
export function logLineOf(entry: AuditEntry): LogLine | null {
  const { operation } = entry
  const at = new Date(entry.atMs).toISOString()
  if (operation === 'auth.token_verified') return { operation, at }
  if (!('streamId' in entry)) return null
  const { streamId, requestId, person } = entry
  const ofStream = { operation, at, requestId, stream: streamMark(streamId), identified: person !== null }
  switch (entry.operation) {
    case 'stream.start':
      return { ...ofStream, upstream: entry.upstream }
    case 'stream.end': {
      const { reason, tokens, bytes, firstTokenMs, durationMs, upstreams } = entry
      return { ...ofStream, reason, tokens, bytes, firstTokenMs, durationMs, upstreams }
    }
    case 'stream.resume':
      return { ...ofStream, after: entry.after }
    case 'stream.stop':
      return ofStream
  }
}
