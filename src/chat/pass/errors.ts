// Errors in the shape that the client of a route reads, besides the members of a problem document.
import type { Problem } from '../../contract/errors.js'

/** The words of OpenAI's API for a status. */
function openAiType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** The words of Anthropic's API for a status. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
}

export function openAiError({ status, code, detail }: Problem): Readonly<Record<string, unknown>> {
  return { error: { message: detail, type: openAiType(status), param: null, code } }
}

export function anthropicError({ status, detail, request_id }: Problem): Readonly<Record<string, unknown>> {
  const type = ANTHROPIC_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  // Its clients know an error by this member, so here it takes the place of the problem's own.
  return { type: 'error', error: { type, message: detail }, request_id }
}
