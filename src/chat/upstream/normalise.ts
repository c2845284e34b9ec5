// Turns the frames of all dialects into the same events. A frame is recognised by its own form, whatever the dialect that is
// configured (dialects/): a backend that answers in another one is understood. What is known to be no part of the answer is
// passed over; what cannot be understood is counted and named; a part of the answer that cannot be read is an error, so that
// no answer has a gap in silence.
import type { SseMessage } from '../../sse/parse.js'
import type { JsonObject, UpstreamEvent } from '../events.js'
import { anthropic } from './dialects/anthropic.js'
import { bedrock, cohere } from './dialects/cohere.js'
import { gemini } from './dialects/gemini.js'
import { ollama } from './dialects/ollama.js'
import { openAi } from './dialects/openai.js'
import { typed, untyped } from './dialects/rag.js'
import { responses } from './dialects/responses.js'
import { uiMessage } from './dialects/ui-message.js'
import { endWord } from './end-word.js'
import { frameKind, isFailure, isFailureName, isUnknownFailure } from './failures.js'
import { splitMetadata } from './metadata-marker.js'
import { FAILURE, type Remark } from './remark.js'
import { parsedJson, record } from './values.js'
import { WholeCharacters } from './whole-characters.js'

export interface Normaliser {
  frame(message: SseMessage): readonly UpstreamEvent[]
  /** The body has ended without a terminal frame. Empty: it was cut. `isDocument`: it was one, and has no terminal. */
  end(isDocument: boolean): readonly UpstreamEvent[]
  /** The reason of the end is known: little can follow. */
  readonly hasReason: boolean
}

const FAILED: UpstreamEvent = { type: 'error', code: 'upstream_error' }

/** `{type: "token", data: "…"}` and nothing else, which no other dialect knows, and which says of no failure. */
function isBareToken(
  frame: JsonObject,
  event: string,
): frame is { readonly type: 'token'; readonly data: string } {
  return (
    frame.type === 'token' &&
    typeof frame.data === 'string' &&
    frame.data !== '' &&
    event === 'message' &&
    Object.keys(frame).length === 2
  )
}

/** The first dialect that knows the frame; null: none does. */
function remarksOn(frame: JsonObject, event: string): readonly Remark[] | null {
  // On the path of every token: the forms of nearly all backends first.
  if (isBareToken(frame, event)) return [{ type: 'marked_text', data: frame.data }]
  const isChunk = Array.isArray(frame.choices)
  if (isFailure(frame, event)) return FAILURE
  const found = isChunk
    ? openAi(frame)
    : (anthropic(frame) ??
      responses(frame) ??
      gemini(frame) ??
      uiMessage(frame) ??
      cohere(frame) ??
      openAi(frame) ??
      ollama(frame) ??
      bedrock(frame) ??
      plain(frame, event))
  return found ?? (isUnknownFailure(frame) ? FAILURE : null)
}

function plain(frame: JsonObject, event: string): readonly Remark[] | null {
  if (typeof frame.type === 'string') return typed(frame.type, frame, frame.data ?? null)
  return untyped(frame) ?? (event === 'message' ? null : typed(event, frame, frame))
}

/** Of a frame that is no JSON object: text under the name of an event, plain or as JSON. */
function remarksOnText(value: unknown, data: string, event: string): readonly Remark[] | null {
  if (isFailureName(event)) return FAILURE
  if (event === 'message') return null
  return typed(event, {}, typeof value === 'string' || value === null ? value : data)
}

/** `onUnknown`: a frame was not understood, or left out; `kind` names it. */
export function createNormaliser(onUnknown: (kind: string) => void): Normaliser {
  const characters = {
    token: new WholeCharacters(),
    reasoning: new WholeCharacters(),
    refusal: new WholeCharacters(),
  }
  let held = ''
  let model: string | null = null
  let reason: string | null = null
  /** More of the answer came after a reason: some upstreams give one in every frame. */
  let hasGoneOn = false
  let hasText = false
  let hasRefusal = false
  let hasTool = false
  let hasUnknown = false
  let isOver = false

  function say(type: keyof typeof characters, text: string, events: UpstreamEvent[]): void {
    const data = characters[type].take(text)
    if (data === '') return
    if (reason !== null) hasGoneOn = true
    if (type === 'token') hasText = true
    else if (type === 'refusal') hasRefusal = true
    events.push({ type, data })
  }

  function takeMarked(text: string, events: UpstreamEvent[]): void {
    // Nearly every token: nothing is held back, and nothing could be a marker.
    if (held === '' && !text.includes('[')) {
      say('token', text, events)
      return
    }
    const split = splitMetadata(held, text)
    held = split.held
    for (const part of split.parts) {
      if (typeof part === 'string') say('token', part, events)
      else events.push({ type: 'metadata', data: part })
    }
  }

  /** What was held back is text: nothing follows. */
  function release(events: UpstreamEvent[]): void {
    const text = held
    held = ''
    if (text !== '') say('token', text, events)
    for (const type of ['token', 'reasoning', 'refusal'] as const) {
      const data = characters[type].rest()
      if (data !== '') events.push({ type, data })
    }
  }

  function endWith(event: UpstreamEvent, events: UpstreamEvent[]): void {
    release(events)
    isOver = true
    events.push(event)
  }

  function finish(events: UpstreamEvent[]): void {
    const end = endWord(reason, { hasText: hasText || held !== '', hasRefusal, hasTool })
    if (end.kind === 'failure') endWith(FAILED, events)
    else if (end.kind === 'done') endWith({ type: 'done', reason: end.reason }, events)
    // The answer may be in what was not understood.
    else if (hasUnknown) endWith({ type: 'error', code: 'upstream_failed' }, events)
    else endWith({ type: 'done', reason: 'empty' }, events)
  }

  function unknown(kind: string): void {
    hasUnknown = true
    onUnknown(kind)
  }

  function takeAll(remarks: readonly Remark[], events: UpstreamEvent[]): void {
    for (const remark of remarks) {
      if (isOver) return
      take(remark, events)
    }
  }

  function take(remark: Remark, events: UpstreamEvent[]): void {
    switch (remark.type) {
      case 'token':
      case 'reasoning':
      case 'refusal':
        say(remark.type, remark.data, events)
        break
      case 'marked_text':
        takeMarked(remark.data, events)
        break
      case 'whole':
        if (!hasText && !hasRefusal) takeAll(remark.remarks, events)
        break
      case 'model':
        if (model === null) events.push({ type: 'metadata', data: { model: remark.name } })
        model ??= remark.name
        break
      case 'tool':
        hasTool = true
        break
      case 'reason':
        reason = remark.word
        break
      case 'end':
        reason = remark.word ?? reason
        finish(events)
        break
      case 'failure':
        endWith(FAILED, events)
        break
      case 'unreadable':
        endWith({ type: 'error', code: 'upstream_not_understood' }, events)
        break
      case 'left_out':
        onUnknown(remark.kind)
        break
      default:
        events.push(remark)
    }
  }

  function takeFrame(value: unknown, { data, event }: SseMessage, events: UpstreamEvent[]): void {
    const frame = record(value)
    const found = frame === null ? remarksOnText(value, data, event) : remarksOn(frame, event)
    if (found === null) unknown(frameKind(frame, event))
    else takeAll(found, events)
  }

  return {
    frame: message => {
      const events: UpstreamEvent[] = []
      if (isOver) return events
      if (message.data === '[DONE]') finish(events)
      else {
        const value = parsedJson(message.data)
        // Gemini's answer is a list of chunks where no stream was asked for.
        if (Array.isArray(value)) for (const each of value) takeFrame(each, message, events)
        else takeFrame(value, message, events)
      }
      return events
    },
    end: isDocument => {
      const events: UpstreamEvent[] = []
      // A reason without a terminal: nothing is missing.
      if (!isOver && (reason !== null || (isDocument && hasText))) finish(events)
      else if (!isOver && hasUnknown && !hasText && !hasRefusal) {
        endWith({ type: 'error', code: 'upstream_failed' }, events)
      }
      return events
    },
    get hasReason() {
      return reason !== null && !hasGoneOn && !isOver
    },
  }
}
