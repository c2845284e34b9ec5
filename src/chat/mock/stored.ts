// GET /v1/responses/{id}, whole or from an event on, and POST /v1/responses/{id}/cancel of the mock upstream.
import type { ServerResponse } from 'node:http'
import { json, streamHead } from './heads.js'
import { play } from './play.js'
import type { Due, MockScript } from './script.js'
import type { Answer } from './wire.js'
import { responseId, responseObject } from './wires/openai-responses.js'

/** Only this many are kept. */
const MAX_STORED = 1_000

export type StoredResponse = {
  readonly answer: Answer
  readonly script: MockScript
  readonly due: readonly Due[]
  readonly startMs: number
  /** To the client that asked. */
  readonly response: ServerResponse
  isCancelled: boolean
}

function unknownId(id: string, response: ServerResponse): void {
  const message = `No response found with id '${id}'.`
  json(response, 404, { error: { message, type: 'invalid_request_error', param: 'id', code: null } })
}

export class StoredResponses {
  readonly #kept = new Map<string, StoredResponse>()

  keep(stored: StoredResponse): void {
    this.#kept.set(responseId(stored.answer), stored)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_STORED && oldest !== undefined) this.#kept.delete(oldest)
  }

  cancel(id: string, response: ServerResponse): void {
    const kept = this.#kept.get(id)
    if (kept === undefined) {
      unknownId(id, response)
      return
    }
    kept.isCancelled = true
    kept.response.destroy()
    json(response, 200, responseObject(kept.answer, 'cancelled'))
  }

  get(id: string, params: URLSearchParams, response: ServerResponse): void {
    const kept = this.#kept.get(id)
    if (kept === undefined) {
      unknownId(id, response)
      return
    }
    const { answer, script, due, startMs } = kept
    if (params.get('stream') === 'true') {
      const after = params.get('starting_after')
      response.writeHead(200, streamHead(script, answer.id))
      response.flushHeaders()
      // The events are numbered from 0.
      play(script, due.slice(after === null ? 0 : Number(after) + 1), response, startMs)
      return
    }
    const hasEnded = performance.now() >= startMs + (due.at(-1)?.atMs ?? 0)
    const ended = answer.reason === 'stop' ? 'completed' : 'incomplete'
    const running = hasEnded ? ended : 'in_progress'
    json(response, 200, responseObject(answer, kept.isCancelled ? 'cancelled' : running))
  }
}
