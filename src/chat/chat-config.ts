// The settings the relay reads. Those that reload are read for each request.
import type { Config } from '../config/settings.js'

export type ChatConfig = Pick<
  Config,
  | 'chatPrefix'
  | 'chatUpstream'
  | 'chatModel'
  | 'chatForwardAuth'
  | 'chatAnonymous'
  | 'chatMaxQueryBytes'
  | 'chatMaxStreams'
  | 'chatMaxStreamsPerUser'
  | 'chatEarlyHeadersMs'
  | 'chatFirstTokenTimeoutMs'
  | 'chatIdleTimeoutMs'
  | 'chatNoWordTimeoutMs'
  | 'chatMaxDurationMs'
  | 'chatHeartbeatMs'
  | 'chatLogBytes'
  | 'chatResumeTtlMs'
  | 'chatReaderStallMs'
  | 'chatPace'
  | 'chatReadAheadBytes'
  | 'chatOnDisconnect'
  | 'chatDisconnectGraceMs'
  | 'chatAllowFinish'
  | 'ragBackendUrl'
  | 'ragBackendToken'
  | 'relayBackends'
  | 'relayRoutes'
  | 'relayUpstream'
  | 'relayForwardKey'
  | 'relayRepeatUnanswered'
  | 'sseAllowOrigin'
  | 'sseApiToken'
  | 'sseApiTokenPrevious'
  | 'pushToken'
  | 'apiKeysInternal'
  | 'relayAnonymous'
  | 'relayMaxBodyBytes'
  | 'relayPass'
  | 'redisRequired'
>

export type BackendsInUse = Pick<Config, 'ragBackendUrl' | 'relayBackends' | 'relayUpstream'>

/** Whether a backend answers the bali-zero routes. */
export function hasChatBackend({ ragBackendUrl, relayBackends, relayUpstream }: BackendsInUse): boolean {
  if (ragBackendUrl.length > 0) return true
  return relayBackends.length > 0
    ? relayBackends.some(({ serves }) => serves.includes('chat'))
    : relayUpstream !== null
}

type UseSettings = Pick<
  Config,
  'enableSseStreaming' | 'ragBackendUrl' | 'relayBackends' | 'relayUpstream' | 'relayRoutes'
>

/** ENABLE_SSE_STREAMING opens {prefix}/chat-stream; {prefix}/chat is open while there is a backend, and so is /v1. */
export function relayInUse(settings: UseSettings): boolean {
  const { enableSseStreaming, ragBackendUrl, relayBackends, relayUpstream, relayRoutes } = settings
  const hasBackend = ragBackendUrl.length + relayBackends.length + relayRoutes.length > 0
  return enableSseStreaming || hasBackend || relayUpstream !== null
}

/** A warning when no key to verify tokens with is configured; null when there is one, or no relay. */
export function missingKeyText(
  settings: UseSettings & Pick<Config, 'chatJwksUrl' | 'chatJwtSecret' | 'chatAnonymous'>,
): string | null {
  const { chatJwksUrl, chatJwtSecret, chatAnonymous } = settings
  if (!relayInUse(settings) || chatJwksUrl !== null || chatJwtSecret !== null) return null
  const effect = chatAnonymous
    ? 'callers with a Bearer token are anonymous'
    : 'with G6_CHAT_ANONYMOUS=0 nobody can ask'
  return `no key for people's tokens is configured (G6_CHAT_JWKS_URL or G6_CHAT_JWT_SECRET): ${effect}`
}
