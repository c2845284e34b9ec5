// The answer that comes now: what its events say, as signals for the page. The text is drawn at most ten times a second, and
// less often where formatting its last block takes long, so that a slow device stays usable.
import { batch, type Signal, signal } from '@preact/signals'
import type { ChatEnd, ChatError, ChatSource, ChatStream, StreamOptions } from '../../../client/chat/index.js'
import { type Cut, type End, endOfAbort, endOfDone, type Source, type Usage } from '../conversation/turn.js'
import type { Formatted } from '../markdown/blocks.js'
import { createFormatter } from '../markdown/formatter.js'

export type Phase = 'waiting' | 'thinking' | 'answering'

/** What an answer has besides its text. */
export type Facts = {
  readonly streamId: string | null
  readonly sources: readonly Source[]
  readonly usage: Usage | null
  readonly model: string | null
  readonly cuts: readonly Cut[]
}

/** `tookMs` 0: not known. */
export type Thought = { readonly text: string; readonly tookMs: number }

export type Running = {
  readonly turnId: number
  readonly startedMs: number
  readonly phase: Signal<Phase>
  /** Null: it did not think, as far as is known. */
  readonly thinking: Signal<{ readonly sinceMs: number; readonly tookMs: number | null } | null>
  readonly reasoning: Signal<string>
  /** Null: no word has come. */
  readonly formatted: Signal<Formatted | null>
  readonly facts: Signal<Facts>
  /** The connection is lost: since when, and when the next attempt is. */
  readonly lost: Signal<{ readonly sinceMs: number; readonly retryAtMs: number } | null>
  readonly isStopping: Signal<boolean>
  readonly text: () => string
  /** What it thought; null: nothing. */
  readonly thought: () => Thought | null
  readonly stream: ChatStream
  /** Draws no more. */
  close(): void
}

export type RunningEvents = {
  /** Its facts have changed in a way to keep. */
  onKeep(): void
  onPhase(phase: Phase): void
  onLost(): void
  onEnd(end: End): void
  onError(error: ChatError): void
}

const DRAW_MS = 100
/** Formatting takes at most this part of the time. */
const DRAW_SHARE = 0.1
/** Reasoning is shown, never kept; what is longer ends in "…". */
const MAX_REASONING = 200_000

const titleOf = ({ title, source, url }: ChatSource): string => title ?? source ?? url ?? 'unnamed source'

export type Begun = {
  readonly turnId: number
  readonly startedMs: number
  /** What the page has of this same answer from before a reload; null: it is asked anew. */
  readonly known: string | null
}

export function startRunning(
  { turnId, startedMs, known }: Begun,
  follow: (options: StreamOptions) => ChatStream,
  events: RunningEvents,
): Running {
  const nowMs = (): number => performance.now()
  const formatter = createFormatter(nowMs)
  const phase = signal<Phase>('waiting')
  const thinking = signal<{ readonly sinceMs: number; readonly tookMs: number | null } | null>(null)
  const reasoning = signal('')
  const formatted = signal<Formatted | null>(null)
  const facts = signal<Facts>({ streamId: null, sources: [], usage: null, model: null, cuts: [] })
  const lost = signal<{ readonly sinceMs: number; readonly retryAtMs: number } | null>(null)
  let text = ''
  let thought = ''
  let drawing: ReturnType<typeof setTimeout> | null = null
  let pauseMs = DRAW_MS

  /** It comes again from its beginning; until it is as long as what is shown, that stays. */
  const isBehind = (): boolean => text.length < (known ?? '').length && known?.startsWith(text) === true

  function draw(): void {
    drawing = null
    const beganMs = nowMs()
    batch(() => {
      if (text !== '' && !isBehind()) formatted.value = formatter.format(text, false)
      reasoning.value = thought
    })
    pauseMs = Math.max(DRAW_MS, (nowMs() - beganMs) / DRAW_SHARE)
  }
  function changed(): void {
    drawing ??= setTimeout(draw, text === '' ? 0 : pauseMs)
  }
  function enter(next: Phase): void {
    if (phase.value === next) return
    const { value: thinks } = thinking
    if (next === 'thinking')
      thinking.value = { sinceMs: known === null ? Date.now() : startedMs, tookMs: null }
    else if (thinks?.tookMs === null) {
      // What comes again comes at once: how long that took is not known.
      thinking.value = { ...thinks, tookMs: known === null ? Date.now() - thinks.sinceMs : 0 }
    }
    phase.value = next
    events.onPhase(next)
  }
  function tell(more: Partial<Facts>): void {
    facts.value = { ...facts.value, ...more }
  }
  function add(more: string): void {
    if (text === '') {
      enter('answering')
      text = more
      // The first word is shown at once.
      draw()
    } else {
      text += more
      changed()
    }
  }

  const stream = follow({
    onConnect: ({ streamId }) => {
      const { value: was } = lost
      const { cuts } = facts.value
      const at = text.length
      const cut = was === null || at === 0 ? [] : [{ at, lostMs: Date.now() - was.sinceMs }]
      batch(() => {
        tell({ streamId, cuts: [...cuts, ...cut] })
        lost.value = null
      })
      events.onKeep()
    },
    onReconnect: ({ delayMs }) => {
      const sinceMs = lost.value?.sinceMs ?? Date.now()
      lost.value = { sinceMs, retryAtMs: Date.now() + delayMs }
      events.onLost()
    },
    onReasoning: more => {
      if (phase.value === 'waiting') enter('thinking')
      if (thought.length < MAX_REASONING) thought = (thought + more).slice(0, MAX_REASONING)
      else if (!thought.endsWith('…')) thought += '…'
      changed()
    },
    onToken: add,
    onRefusal: add,
    onSources: sources =>
      tell({ sources: sources.map(source => ({ title: titleOf(source), url: source.url ?? null })) }),
    onUsage: ({ inputTokens, outputTokens, estimated }) =>
      tell({ usage: { read: inputTokens ?? null, written: outputTokens ?? null, isEstimated: estimated } }),
    onMetadata: ({ model_used: used, model }) => {
      const name = used ?? model
      if (typeof name === 'string') tell({ model: name })
    },
    onComplete: end => events.onEnd(endOf(end, text !== '')),
    onError: events.onError,
  })
  return {
    turnId,
    startedMs,
    phase,
    thinking,
    reasoning,
    formatted,
    facts,
    lost,
    isStopping: signal(false),
    text: () => text,
    thought: () => {
      const { value: thinks } = thinking
      if (thinks === null) return null
      return { text: thought, tookMs: thinks.tookMs ?? Date.now() - thinks.sinceMs }
    },
    stream,
    close: () => {
      if (drawing !== null) clearTimeout(drawing)
    },
  }
}

function endOf({ reason, kind }: ChatEnd, hasText: boolean): End {
  return kind === null ? endOfAbort(reason) : endOfDone(kind, reason, hasText)
}
