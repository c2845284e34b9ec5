// The heads of the mock upstream's answers.
import type { ServerResponse } from 'node:http'
import type { MockScript } from './script.js'
import { UI_MESSAGE_HEADERS } from './wires/ui-message.js'

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export function streamHead(
  script: MockScript,
  id: string,
  isUiMessage = false,
): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-request-id': `req_${id}`,
    ...(isUiMessage ? UI_MESSAGE_HEADERS : {}),
    ...(script.gzip ? { 'content-encoding': 'gzip' } : {}),
    ...script.headers,
  }
}
