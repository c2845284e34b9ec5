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
  | 'chatEarlyHeadersMs'
  | 'chatFirstTokenTimeoutMs'
  | 'chatIdleTimeoutMs'
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
  | 'sseAllowOrigin'
>
