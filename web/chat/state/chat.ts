// The conversation: its questions, the answer that comes now, and what a person can do. Everything the page shows is a signal here.
import { batch, effect, signal } from '@preact/signals'
import {
  type ChatError,
  type ChatStream,
  createChatClient,
  type StreamOptions,
} from '../../../client/chat/index.js'
import { base } from '../../state/base.js'
import { historyOf } from '../conversation/history.js'
import { type Rate, waitMs } from '../conversation/limit.js'
import { type End, newTurn, type Turn } from '../conversation/turn.js'
import { spokenEnd } from '../conversation/words.js'
import { createKeep } from '../storage.js'
import { pageData } from './page-data.js'
import { type Facts, type Phase, type Running, startRunning, type Thought } from './running.js'
import { readService } from './service.js'

/** Older cards leave the page. */
const MAX_SHOWN = 100
const UNDO_MS = 10_000

export const page = pageData()
const keep = createKeep()

export const turns = signal<readonly Turn[]>(keep.turns())
/** How many of them are kept; null: the browser keeps nothing. */
export const kept = signal<number | null>(keep.setTurns(turns.value))
export const running = signal<Running | null>(null)
/** What answers thought, by turn; not kept over a reload. */
export const thoughts = signal<ReadonlyMap<number, Thought>>(new Map())
export const draft = signal(keep.get('draft'))
export const token = signal(keep.get('token'))
/** Until when no question may be asked, and how many are allowed; null: not known. */
export const limit = signal<{ readonly untilMs: number; readonly rate: Rate | null } | null>(null)
type Waiting =
  | { readonly what: 'question'; readonly question: string }
  | { readonly what: 'retry' | 'resume'; readonly turnId: number }
/** A token is asked for: what waits for it, and whether one was refused. */
export const gate = signal<{ readonly waits: Waiting | null; readonly isRefused: boolean } | null>(null)
/** What "Undo" brings back, until when. */
export const undoable = signal<{ readonly turns: readonly Turn[]; readonly untilMs: number } | null>(null)
/** Announced to screen readers, once each. */
export const spoken = signal('')
/** Moves on while something counts. */
export const nowMs = signal(Date.now())

const headers = (): Readonly<Record<string, string>> =>
  token.value === '' ? {} : { Authorization: `Bearer ${token.value}` }
/** The status of the last answer to a question: a server that is busy is no lost connection. */
let lastStatus = 0
let lastRetryAfter = ''
const client = createChatClient({
  baseUrl: base,
  prefix: page.prefix,
  headers,
  fetch: async (url, init) => {
    lastStatus = 0
    const response = await fetch(url, init)
    lastStatus = response.status
    lastRetryAfter = response.headers.get('retry-after') ?? ''
    return response
  },
})

const turnOf = (id: number): Turn | undefined => turns.value.find(turn => turn.id === id)

export function refreshService(): void {
  void readService(`${base.replace(/\/$/, '')}${page.prefix}/chat-stream/health`, headers())
}

function setTurns(next: readonly Turn[]): void {
  turns.value = next.slice(-MAX_SHOWN)
  kept.value = keep.setTurns(turns.value)
}
function change(id: number, more: Partial<Turn>): void {
  setTurns(turns.value.map(turn => (turn.id === id ? { ...turn, ...more } : turn)))
}

export function setDraft(text: string): void {
  draft.value = text
  keep.set('draft', text)
}
/** Puts a question where it can be edited; what is being written there stays, behind it. */
export function editQuestion(question: string): void {
  const { value: written } = draft
  const isNew = written.trim() !== '' && !turns.value.some(turn => turn.question === written)
  setDraft(isNew && written !== question ? `${question}\n${written}` : question)
}
function setToken(text: string): void {
  token.value = text
  keep.set('token', text)
}

const SPOKEN: Readonly<Record<Phase, string>> = {
  waiting: 'Waiting for the first word',
  thinking: 'Thinking',
  answering: 'Answering',
}

/** Follows an answer in the card of that turn; `before` is the turn as it was, which comes back when the question may not be asked yet. */
function begin(
  id: number,
  before: Turn | null,
  known: string | null,
  follow: (options: StreamOptions) => ChatStream,
): void {
  /** What came; where no word did, the broken text of an earlier try stays. */
  const came = (facts: Facts, text: string): Partial<Turn> => {
    const earlier = turnOf(id)?.answer ?? ''
    return text === '' && earlier !== '' ? { streamId: facts.streamId } : { ...facts, answer: text }
  }
  const tookMs = (): number | null => {
    const askedMs = turnOf(id)?.askedMs
    return askedMs === undefined ? null : Math.max(0, Date.now() - askedMs)
  }
  const over = (how: End, durationMs = tookMs()): void => {
    const now = running.value
    if (now?.turnId !== id) return
    batch(() => {
      now.close()
      running.value = null
      const thought = now.thought()
      if (thought !== null) {
        const shown = [...thoughts.value].filter(([turn]) => turnOf(turn) !== undefined)
        thoughts.value = new Map(shown).set(id, thought)
      }
      change(id, { ...came(now.facts.value, now.text()), end: how, durationMs })
      const turn = turnOf(id)
      if (turn !== undefined) spoken.value = spokenEnd(how, turn)
    })
    refreshService()
  }
  const away = (then: () => void): void =>
    batch(() => {
      const now = running.value
      now?.close()
      running.value = null
      // What came of it stays.
      if (now !== null && now.facts.value.streamId !== null) change(id, came(now.facts.value, now.text()))
      then()
    })
  const failed = (error: ChatError): void => {
    const hadStream = running.value?.facts.value.streamId !== null
    if (error.status === 401) away(() => askTokenFor(id, before))
    else if (error.status === 429 && !hadStream) away(() => postpone(id, before, error))
    else over(endOfError(error, hadStream))
  }
  const begun = { turnId: id, startedMs: turnOf(id)?.askedMs ?? Date.now(), known }
  running.value = startRunning(begun, follow, {
    onKeep: () => change(id, { streamId: running.value?.facts.value.streamId ?? null }),
    onPhase: phase => {
      spoken.value = SPOKEN[phase]
    },
    onLost: () => {
      const now = running.value
      if (now === null) return
      if (lastStatus !== 503 || now.facts.value.streamId !== null) {
        spoken.value = 'Connection lost, trying again'
        return
      }
      // It would ask again by itself, several times; a person decides that here.
      over({ kind: 'busy', detail: /^\d{1,5}$/.exec(lastRetryAfter)?.[0] ?? '' })
      void now.stream.stop()
    },
    onEnd: how => {
      const now = running.value
      if (now?.turnId !== id) return
      const durationMs = tookMs()
      if (!now.isStopping.value) over(how, durationMs)
      // It says so until the server has answered, too.
      else void now.stream.stop().then(() => over(how, durationMs))
    },
    onError: failed,
  })
  spoken.value = SPOKEN.waiting
}

/** A question that cannot be asked yet makes no card: it goes back to where it was written. */
function takeBack(id: number, before: Turn | null): void {
  const turn = turnOf(id)
  if (before !== null) setTurns(turns.value.map(each => (each.id === id ? before : each)))
  else if (turn !== undefined) {
    setTurns(turns.value.filter(each => each.id !== id))
    editQuestion(turn.question)
  }
}

function askTokenFor(id: number, before: Turn | null): void {
  const turn = turnOf(id)
  const isRefused = token.value !== ''
  spoken.value = isRefused ? '' : 'A token is needed'
  if (turn !== undefined && turn.streamId !== null) {
    gate.value = { waits: { what: 'resume', turnId: id }, isRefused }
    return
  }
  takeBack(id, before)
  const question = turn?.question ?? ''
  gate.value = {
    waits: before === null ? { what: 'question', question } : { what: 'retry', turnId: id },
    isRefused,
  }
}

function postpone(id: number, before: Turn | null, { code, retryAfterSec }: ChatError): void {
  takeBack(id, before)
  // A key of the relay has a limit of its own, which this page does not know.
  const isOurs = code === 'rate_limited' && !token.value.startsWith('g6_')
  limit.value = { untilMs: Date.now() + waitMs(retryAfterSec), rate: isOurs ? page.rate : null }
}

const NEEDS_TOKEN = 'The rest of it needs a token.'
const OWN_MESSAGES: Readonly<Record<string, string>> = {
  network: 'The connection was lost and did not come back.',
  timeout: 'The server has been silent for too long.',
  content_type: 'What came is no answer of this server.',
  too_large: 'The answer is larger than this page takes.',
}

function endOfError({ code, message, status, retryAfterSec }: ChatError, hadStream: boolean): End {
  if (code === 'lost' || (status === 404 && hadStream)) return { kind: 'interrupted', detail: '' }
  if (status === 403) return { kind: 'off', detail: '' }
  if (status === 503)
    return { kind: 'busy', detail: retryAfterSec === undefined ? '' : String(Math.ceil(retryAfterSec)) }
  if (code === 'status') return { kind: 'failed', detail: `The server answered: ${message}.` }
  // A server, too, says `too_large`, in an event and in its own words.
  const isOwn = code !== 'too_large' || status === 200
  return { kind: 'failed', detail: (isOwn ? OWN_MESSAGES[code] : undefined) ?? message }
}

function askIn(id: number, question: string, before: Turn | null): void {
  const at = turns.value.findIndex(turn => turn.id === id)
  const history = historyOf(turns.value.slice(0, at))
  const whole =
    history.length === 0 ? { query: question } : { query: question, conversation_history: history }
  change(id, { end: null, streamId: null, askedMs: Date.now() })
  begin(id, before, null, options => client.stream(whole, options))
}

/** Whether a question can be sent now. */
export function canAsk(): boolean {
  return running.value === null && gate.value === null && (limit.value?.untilMs ?? 0) <= Date.now()
}

/** False: not now. */
export function ask(question: string): boolean {
  if (!canAsk() || question === '') return false
  const id = 1 + Math.max(0, ...turns.value.map(turn => turn.id))
  batch(() => {
    undoable.value = null
    limit.value = null
    setTurns([...turns.value, newTurn(id, question)])
    askIn(id, question, null)
  })
  return true
}

/** Asks again in the same card. */
export function retry(id: number): void {
  const before = turnOf(id)
  if (before === undefined || !canAsk()) return
  batch(() => {
    limit.value = null
    askIn(id, before.question, before)
  })
}

function resume(id: number): void {
  const { streamId = null, answer = '' } = turnOf(id) ?? {}
  if (streamId === null) return
  begin(id, null, answer, options => client.resume(streamId, options))
  const now = running.value
  if (now !== null) now.facts.value = { ...now.facts.value, streamId }
}

export async function stop(): Promise<void> {
  const now = running.value
  if (now === null) return
  now.isStopping.value = true
  await now.stream.stop()
}

export function tryNow(): void {
  running.value?.stream.reconnect()
}

/** With a token now: what waited for it is asked. */
export function submitToken(text: string): void {
  const waits = gate.value?.waits ?? null
  setToken(text)
  gate.value = null
  if (waits === null) refreshService()
  else if (waits.what === 'question') {
    // It was put where it can be edited, so that it outlives a reload.
    if (draft.value === waits.question) setDraft('')
    ask(waits.question)
  } else if (waits.what === 'retry') retry(waits.turnId)
  else resume(waits.turnId)
}

export function askForToken(): void {
  if (running.value === null) gate.value = { waits: null, isRefused: false }
}
export function leaveGate(): void {
  const waits = gate.value?.waits
  gate.value = null
  if (waits?.what === 'resume') change(waits.turnId, { end: { kind: 'failed', detail: NEEDS_TOKEN } })
}

/** Empties the page; for a while it can be undone. */
export async function newConversation(): Promise<void> {
  await stop()
  batch(() => {
    const { value: before } = turns
    gate.value = null
    if (before.length > 0) undoable.value = { turns: before, untilMs: Date.now() + UNDO_MS }
    setTurns([])
    thoughts.value = new Map()
    spoken.value = 'New conversation'
  })
}
export function undo(): void {
  const { value: was } = undoable
  if (was === null || running.value !== null) return
  batch(() => {
    undoable.value = null
    setTurns([...was.turns, ...turns.value])
  })
}

export async function forgetEverything(): Promise<void> {
  await newConversation()
  batch(() => {
    undoable.value = null
    limit.value = null
    setDraft('')
    setToken('')
    keep.set('scroll', '')
  })
}

/** Where the page was; its end, when that is not known. */
export const keptScroll = (): number =>
  turns.value.length === 0 ? 0 : Number(keep.get('scroll') || Number.MAX_SAFE_INTEGER)

function tick(): void {
  const now = Date.now()
  batch(() => {
    nowMs.value = now
    if (undoable.value !== null && undoable.value.untilMs <= now) undoable.value = null
    if (limit.value === null || limit.value.untilMs > now) return
    limit.value = null
    spoken.value = 'The next question may be sent now'
  })
}

/** While something counts, the time moves on. */
export function startClock(): void {
  effect(() => {
    if (running.value === null && limit.value === null && undoable.value === null) return
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  })
}

/** The page goes away, perhaps to come back: keeps what an answer has so far. */
export function keepNow(scrollY: number): void {
  keep.set('scroll', String(Math.round(scrollY)))
  const now = running.value
  if (now !== null && now.text() !== '') change(now.turnId, { ...now.facts.value, answer: now.text() })
}

/** After a reload: an answer that had not ended goes on; where its id was never known, it is interrupted. */
export function restore(): void {
  for (const { id, end, streamId } of turns.value) {
    if (end !== null) continue
    if (streamId !== null && running.value === null) resume(id)
    else change(id, { end: { kind: 'interrupted', detail: '' } })
  }
}
