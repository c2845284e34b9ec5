// Refuses at start to listen beyond this machine without a token: that would show everything to everybody.
import { isLoopback } from './host.js'

export type OpenBind =
  | { readonly kind: 'fine' }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }

export function judgeBind(settings: {
  readonly httpHost: string
  readonly sseApiToken: string | null
  readonly allowOpen: boolean
}): OpenBind {
  const { httpHost, sseApiToken, allowOpen } = settings
  if (isLoopback(httpHost) || sseApiToken !== null) return { kind: 'fine' }
  const what = `G6_HTTP_HOST=${httpHost} can be reached from other machines and no token is set`
  if (allowOpen) {
    return {
      kind: 'warning',
      text: `${what}: everybody who reaches it can read everything (G6_ALLOW_OPEN=1)`,
    }
  }
  const ways = 'set G6_SSE_API_TOKEN (or G6_SSE_API_TOKEN_FILE), bind to 127.0.0.1, or set G6_ALLOW_OPEN=1'
  return { kind: 'refused', text: `${what}: ${ways}` }
}
