// Starts an answer in any format: joins the running or kept one to the same question with the same key, or begins one; then waits
// until it has begun, has failed, or its caller has left.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Timers } from '../clock/timers.js'
import { HttpError } from '../contract/errors.js'
import { newStreamId, type Request } from './begin.js'
import type { ConnectParts } from './connect.js'
import type { Generation, OnDisconnect } from './generation.js'
import { IdempotencyKeys, idempotencyKey } from './idempotency.js'
import type { FoundStream } from './log/chat-log.js'
import type { Caller, ChatLimits, Lease } from './ports.js'
import { busy, rateLimited } from './refused.js'
import type { Relay } from './relay.js'
import { onDisconnect as onDisconnectWord } from './request.js'
import type { CallFailure } from './upstream/call.js'

export type AskParts = ConnectParts & { readonly limits: ChatLimits; readonly timers: Timers }

/** `generation` is null when the stream has ended or runs on another instance. */
export type Started = {
  readonly found: FoundStream
  readonly generation: Generation | null
  readonly isJoined: boolean
  /** With a key the client can come back without knowing the stream's id. */
  readonly hasKey: boolean
}

export type Starting<Item> = {
  /** What makes two questions the same. */
  fingerprint(): string
  /** Called only where an answer is begun. */
  question(): Request<Item>
  readonly onDisconnect: OnDisconnect
  /** Before anything of its answer can come. */
  onStarted?(generation: Generation<Item>): void
}

export function onDisconnectOf({ config }: AskParts, given: unknown): OnDisconnect {
  const { chatOnDisconnect, chatAllowFinish } = config()
  const allowed: readonly OnDisconnect[] = chatAllowFinish
    ? ['grace', 'cancel', 'finish']
    : ['grace', 'cancel']
  if (given === undefined) return allowed.find(each => each === chatOnDisconnect) ?? 'grace'
  const { data: found } = onDisconnectWord.safeParse(given)
  if (found !== undefined && allowed.includes(found)) return found
  throw new HttpError('invalid_query', `on_disconnect must be ${allowed.join(' or ')}.`)
}

/** Joins the running or kept answer to the same question with the same key, or begins one. */
export async function start<Item>(
  parts: AskParts,
  request: FastifyRequest,
  starting: Starting<Item>,
): Promise<Started> {
  const { relay, admission } = parts
  const { caller } = admission.of(request)
  const key = idempotencyKey(request.headers['idempotency-key'])
  if (key === false) throw new HttpError('invalid_idempotency_key')
  if (key === null) return begin(parts, request, starting, { hasKey: false })
  const scoped = IdempotencyKeys.scoped(caller.key, key)
  const fingerprint = starting.fingerprint()
  const earlier = await earlierHere(relay, caller, scoped, fingerprint)
  if (earlier !== null) return joined(relay, earlier)
  const streamId = newStreamId()
  const settle = relay.keys.reserve(scoped, fingerprint, streamId)
  let hasBegun = false
  try {
    const question = { scoped, fingerprint, streamId }
    const elsewhere = await earlierElsewhere(parts, caller, question, relay.claims?.joinMs ?? 0)
    if (elsewhere !== null) return await joined(relay, elsewhere)
    const started = await begin(parts, request, starting, { hasKey: true, streamId })
    hasBegun = true
    return started
  } finally {
    settle(hasBegun)
    if (!hasBegun) await relay.claims?.giveUp(streamId)
  }
}

async function joined(relay: Relay, found: FoundStream): Promise<Started> {
  await relay.share(found.facts)
  return { found, generation: relay.running(found.facts.streamId), isJoined: true, hasKey: true }
}

/** Null: there is none. Throws the 409 of another question with the same key. */
async function earlierHere(
  relay: Relay,
  caller: Caller,
  scoped: string,
  fingerprint: string,
): Promise<FoundStream | null> {
  for (;;) {
    const earlier = relay.keys.find(scoped, fingerprint)
    if (earlier.kind === 'conflict') throw new HttpError('idempotency_conflict')
    if (earlier.kind === 'none') return null
    await earlier.begun
    const found = await relay.find(earlier.streamId, caller)
    // The first caller gets the failure of one that could not begin; this one asks itself.
    if (found !== null || earlier.begun === null) return found
  }
}

export type Question = { readonly scoped: string; readonly fingerprint: string; readonly streamId: string }

/** Between two looks for the answer of another instance. */
const FIRST_LOOK_MS = 20
const LATEST_LOOK_MS = 500

/**
 * The answer to the same question with the same key at another instance. Null: the key is claimed for this one now. Throws the 409
 * of another question, and a 503 when the other answer does not begin within `forMs`.
 */
export async function earlierElsewhere(
  { relay, clock, timers, config }: Pick<AskParts, 'relay' | 'clock' | 'timers' | 'config'>,
  caller: Caller,
  { scoped, fingerprint, streamId }: Question,
  forMs: number,
): Promise<FoundStream | null> {
  const { claims } = relay
  if (claims === undefined) return null
  const giveUpAtMs = clock.monotonicMs() + forMs
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LATEST_LOOK_MS)) {
    const claimed = await claims.claim(scoped, fingerprint, streamId)
    if (claimed.kind === 'conflict') throw new HttpError('idempotency_conflict')
    if (claimed.kind === 'gone' && config().redisRequired) throw busy('chat_fleet', 'engine_gone')
    if (claimed.kind !== 'joined') return null
    const found = await relay.find(claimed.streamId, caller)
    if (found !== null) return found
    if (clock.monotonicMs() >= giveUpAtMs) throw busy('chat_fleet', 'answer_pending')
    await new Promise<void>(resolve => void timers.after(waitMs, resolve))
  }
}

async function begin<Item>(
  parts: AskParts,
  request: FastifyRequest,
  starting: Starting<Item>,
  { hasKey, streamId }: { readonly hasKey: boolean; readonly streamId?: string },
): Promise<Started> {
  const { relay, admission, audit } = parts
  const { caller, connectionId } = admission.of(request)
  if (!audit.canStart()) throw busy('chat_audit', 'audit_unavailable')
  const lease = await takeLease(parts, request)
  try {
    const { onDisconnect } = starting
    const asked = starting.question()
    const named = streamId === undefined ? {} : { streamId }
    const generation = relay.start({ request: asked, connectionId, caller, lease, onDisconnect, ...named })
    starting.onStarted?.(generation)
    const found = { facts: generation.facts, log: generation.log }
    return { found, generation, isJoined: false, hasKey }
  } catch (error) {
    lease.release()
    throw error
  }
}

/** Throws the refusal of a caller, or an instance, with too many answers at once. */
export async function takeLease(
  { limits, admission }: Pick<AskParts, 'limits' | 'admission'>,
  request: FastifyRequest,
): Promise<Lease> {
  const { caller, bypasses } = admission.of(request)
  const lease = await limits.lease(bypasses ? null : caller)
  if (lease === 'gone') throw busy('chat_fleet', 'engine_gone')
  if (lease === 'instance') throw busy('chat_cap', 'chat_full')
  if (lease === 'user') throw rateLimited('chat_cap', 'too_many_streams_of_user')
  return lease
}

export type Begun =
  /** The request counts as a follower until `leave` is called. */
  | { readonly how: 'begun'; leave(): void }
  | { readonly how: 'gone' }
  /** The stream is forgotten. */
  | { readonly how: 'failed'; readonly failure: CallFailure }

/** Waits until the upstream begins, fails, or `forMs` have passed. */
export async function untilBegun(
  { relay, timers }: AskParts,
  { generation, found, hasKey }: Started,
  { raw }: FastifyReply,
  forMs: number | null,
): Promise<Begun> {
  if (generation === null) return { how: 'begun', leave: () => {} }
  const leave = relay.follow(generation)
  const outcome = await new Promise<CallFailure | 'gone' | null>(resolve => {
    const settle = (how: CallFailure | 'gone' | null): void => {
      raw.off('close', onClose)
      cancelTimer?.()
      resolve(how)
    }
    const onClose = (): void => settle('gone')
    const cancelTimer = forMs === null ? null : timers.after(forMs, () => settle(null))
    raw.once('close', onClose)
    // The client may have left during the search for an earlier answer.
    if (raw.destroyed) settle('gone')
    else void generation.opened.then(settle)
  })
  if (outcome === null) return { how: 'begun', leave }
  // Without an id or a key the client cannot come back.
  if (outcome === 'gone' && !hasKey) generation.abort('idle')
  leave()
  if (outcome === 'gone') return { how: 'gone' }
  await relay.forget(found.facts.streamId)
  return { how: 'failed', failure: outcome }
}
