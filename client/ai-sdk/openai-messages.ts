// UI messages as those of OpenAI's chat format: text, images, and the calls of tools with what came of them.
import type { UIMessage } from 'ai'

type Part = UIMessage['parts'][number]
type ToolPart = Extract<Part, { readonly toolCallId: string }>
type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }

export type OpenAiMessage = {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string | readonly Content[] | null
  readonly tool_calls?: readonly {
    readonly id: string
    readonly type: 'function'
    readonly function: { readonly name: string; readonly arguments: string }
  }[]
  readonly tool_call_id?: string
}

function isTool(part: Part): part is ToolPart {
  return part.type === 'dynamic-tool' || part.type.startsWith('tool-')
}

function nameOf(part: ToolPart): string {
  return part.type === 'dynamic-tool' ? part.toolName : part.type.slice('tool-'.length)
}

/** Throws where a part cannot be sent: nothing is left out in silence. */
function contentOf(part: Part): readonly Content[] {
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text }]
  if (part.type !== 'file') return []
  if (part.mediaType.startsWith('image/')) return [{ type: 'image_url', image_url: { url: part.url } }]
  throw new Error(`A file of type ${part.mediaType} cannot be sent in OpenAI's chat format; images can.`)
}

function userMessage({ parts }: UIMessage): OpenAiMessage {
  const content = parts.flatMap(contentOf)
  // The form that every server of this format reads, where it is enough.
  const isText = content.every(({ type }) => type === 'text')
  const text = content.map(each => (each.type === 'text' ? each.text : '')).join('')
  return { role: 'user', content: isText ? text : content }
}

/** The calls of a step, then their results: the format has a message for each result. */
function assistantMessages({ parts }: UIMessage): readonly OpenAiMessage[] {
  const messages: OpenAiMessage[] = []
  let text = ''
  let tools: ToolPart[] = []
  const endStep = (): void => {
    // A call without a result is unfinished, and the format refuses it.
    const answered = tools.filter(({ state }) => state === 'output-available' || state === 'output-error')
    const calls = answered.map(part => ({
      id: part.toolCallId,
      type: 'function' as const,
      function: { name: nameOf(part), arguments: JSON.stringify(part.input ?? {}) },
    }))
    if (text !== '' || calls.length > 0) {
      const content = text === '' ? null : text
      messages.push({ role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) })
    }
    for (const part of answered) {
      const content = part.state === 'output-error' ? part.errorText : (JSON.stringify(part.output) ?? 'null')
      messages.push({ role: 'tool', tool_call_id: part.toolCallId, content })
    }
    text = ''
    tools = []
  }
  for (const part of parts) {
    if (part.type === 'step-start') endStep()
    else if (part.type === 'text') text += part.text
    else if (isTool(part)) tools.push(part)
  }
  endStep()
  return messages
}

export function openAiMessages(messages: readonly UIMessage[]): readonly OpenAiMessage[] {
  return messages.flatMap(message => {
    if (message.role === 'assistant') return assistantMessages(message)
    return [{ ...userMessage(message), role: message.role }]
  })
}
