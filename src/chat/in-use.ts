// Whether anything of the relay is to be had at all. ENABLE_SSE_STREAMING opens {prefix}/chat-stream; {prefix}/chat answers
// whenever there is a backend.
import type { Config } from '../config/settings.js'

export type UseSettings = Pick<Config, 'enableSseStreaming' | 'ragBackendUrl'>

export function relayInUse({ enableSseStreaming, ragBackendUrl }: UseSettings): boolean {
  return enableSseStreaming || ragBackendUrl.length > 0
}

/** Null: there is a key, or no relay. Else what an operator should know of tokens that nobody can check. */
export function missingKeyText(
  settings: UseSettings & Pick<Config, 'chatJwksUrl' | 'chatJwtSecret' | 'chatAnonymous'>,
): string | null {
  const { chatJwksUrl, chatJwtSecret, chatAnonymous } = settings
  if (!relayInUse(settings) || chatJwksUrl !== null || chatJwtSecret !== null) return null
  const so = chatAnonymous
    ? 'callers with a Bearer token are anonymous'
    : 'with G6_CHAT_ANONYMOUS=0 nobody can ask'
  return `no key for people's tokens is configured (G6_CHAT_JWKS_URL or G6_CHAT_JWT_SECRET): ${so}`
}
