// The backend of the demo: scripted answers, played in this process, without a socket. It costs nothing until a question comes.
import type { EdgeCall, EdgeHandlers, UpstreamEdge } from '../upstream/edge.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { demoAnswer } from './demo-answers.js'

const FIRST_MS = 300
/** Between two words. */
const GAP_MS = 30

function questionIn({ path, body }: UpstreamRequest): string {
  const inUrl = new URLSearchParams(path.split('?')[1] ?? '').get('query')
  return inUrl ?? String(body ?? '')
}

const frame = (type: string, data: unknown): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ type, data })}\n\n`)
const words = (text: string): readonly string[] => text.match(/\S+\s*|\s+/g) ?? []

function framesOf(question: string): readonly Buffer[] {
  const { reasoning, sources, text } = demoAnswer(question)
  return [
    frame('metadata', { model: 'script' }),
    ...words(reasoning).map(word => frame('reasoning', word)),
    frame('sources', sources),
    ...words(text).map(word => frame('token', word)),
    frame('done', null),
  ]
}

function play(request: UpstreamRequest, handlers: EdgeHandlers): EdgeCall {
  const frames = framesOf(questionIn(request))
  let next = 0
  let timer: NodeJS.Timeout | undefined
  const step = (): void => {
    if (next === 0) handlers.onHead(200, { 'content-type': 'text/event-stream' })
    const data = frames[next++]
    if (data === undefined) {
      handlers.onEnd()
      return
    }
    timer = setTimeout(step, GAP_MS)
    handlers.onData(data)
  }
  timer = setTimeout(step, FIRST_MS)
  const pause = (): void => clearTimeout(timer)
  return {
    abort: pause,
    pause,
    resume: () => {
      clearTimeout(timer)
      if (next <= frames.length) timer = setTimeout(step, GAP_MS)
    },
  }
}

/** The address of the demo's backend in the settings; nothing is ever asked there. */
export const DEMO_BACKEND = 'http://demo.invalid'

export function createDemoEdge(): UpstreamEdge {
  return { open: play, close: async () => {} }
}
