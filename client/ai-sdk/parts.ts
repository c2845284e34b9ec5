// A UI message of the AI SDK, written part by part: whatever dialect the answer comes in, each part is opened before its first
// delta and closed before the next one begins. Pure: chunks come out through `emit`.
import type { FinishReason, UIMessageChunk } from 'ai'
import { type EndKind, endKind } from '../../src/protocol/end-reasons.js'

type Kind = 'text' | 'reasoning' | 'refusal'

export type Parts = {
  /** The message begins; with the same id it replaces one that was shown in part. */
  start(messageId: string | undefined): void
  delta(kind: Kind, text: string): void
  source(source: { readonly url?: string | undefined; readonly title?: string | undefined }): void
  toolInput(call: { readonly id: string; readonly name: string }, delta: string): void
  metadata(metadata: Readonly<Record<string, unknown>>): void
  finish(reason: FinishReason): void
  /** It has failed; `text` is for people. */
  fail(text: string): void
}

/** What a model that refuses says is shown as text, and marked. */
const REFUSAL = { providerMetadata: { g6: { refusal: true } } }

export function createParts(emit: (chunk: UIMessageChunk) => void): Parts {
  let open: { readonly kind: Kind; readonly id: string } | null = null
  let made = 0
  const tools = new Map<string, { readonly name: string; json: string }>()

  function close(): void {
    if (open !== null) emit({ type: open.kind === 'reasoning' ? 'reasoning-end' : 'text-end', id: open.id })
    open = null
  }

  function opened(kind: Kind): string {
    if (open?.kind === kind) return open.id
    close()
    const id = `part-${made++}`
    open = { kind, id }
    if (kind === 'reasoning') emit({ type: 'reasoning-start', id })
    else emit({ type: 'text-start', id, ...(kind === 'refusal' ? REFUSAL : {}) })
    return id
  }

  /** A call's input is known to be whole only at the end of the answer. */
  function endTools(): void {
    for (const [toolCallId, { name: toolName, json }] of tools) {
      try {
        const input: unknown = json === '' ? {} : JSON.parse(json)
        emit({ type: 'tool-input-available', toolCallId, toolName, input })
      } catch {
        const errorText = 'The input of the tool is not valid JSON.'
        emit({ type: 'tool-input-error', toolCallId, toolName, input: json, errorText })
      }
    }
    tools.clear()
  }

  return {
    start(messageId) {
      emit({ type: 'start', ...(messageId === undefined ? {} : { messageId }) })
      emit({ type: 'start-step' })
    },
    delta(kind, delta) {
      if (delta === '') return
      const id = opened(kind)
      emit({ type: kind === 'reasoning' ? 'reasoning-delta' : 'text-delta', id, delta })
    },
    source({ url, title }) {
      const sourceId = `source-${made++}`
      const named = title === undefined ? {} : { title }
      if (url !== undefined) emit({ type: 'source-url', sourceId, url, ...named })
      else emit({ type: 'source-document', sourceId, mediaType: 'text/plain', title: title ?? 'Untitled' })
    },
    toolInput({ id: toolCallId, name: toolName }, delta) {
      close()
      let tool = tools.get(toolCallId)
      if (tool === undefined) {
        tool = { name: toolName, json: '' }
        tools.set(toolCallId, tool)
        emit({ type: 'tool-input-start', toolCallId, toolName })
      }
      tool.json += delta
      if (delta !== '') emit({ type: 'tool-input-delta', toolCallId, inputTextDelta: delta })
    },
    metadata(messageMetadata) {
      emit({ type: 'message-metadata', messageMetadata })
    },
    finish(finishReason) {
      close()
      endTools()
      emit({ type: 'finish-step' })
      emit({ type: 'finish', finishReason })
    },
    fail(errorText) {
      close()
      emit({ type: 'error', errorText })
    },
  }
}

const REASONS: Readonly<Record<EndKind, FinishReason>> = {
  complete: 'stop',
  length: 'length',
  filter: 'content-filter',
  refusal: 'content-filter',
  tool: 'tool-calls',
  empty: 'other',
  other: 'other',
}

/** The SDK's word for a reason of the relay or of a model's API. */
export function finishReason(reason: string): FinishReason {
  return REASONS[endKind(reason)]
}
