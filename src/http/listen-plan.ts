// Which ports the server opens and which routes each has, from the settings and the command: a pure function. Nothing else decides
// about listening.
import { unixPathOf } from '../config/unix-path.js'
import type { Surface } from '../contract/plugin.js'
import type { HttpConfig } from './http-config.js'

export type Command = 'serve' | 'demo' | 'dashboard' | 'dashboard --serve'

export type ListenerPlan = {
  readonly name: string
  readonly port: number
  /** The setting of the port, for messages about it. */
  readonly setting: string
  readonly surfaces: readonly Surface[]
  /** Sockets that are open already (inherited.ts), in place of host and port. */
  readonly fds?: readonly number[]
}

export type ListenPlan =
  | { readonly ok: true; readonly listeners: readonly ListenerPlan[] }
  | { readonly ok: false; readonly error: string }

export type PortKey = 'sseHttpPort' | 'metricsHttpPort' | 'resyncHttpPort'

type PlanSettings = Pick<
  HttpConfig,
  | 'httpHost'
  | 'unifiedHttp'
  | 'unifiedHttpPort'
  | 'sseHttp'
  | 'summaryMetricsHttp'
  | 'disableResyncHttp'
  | PortKey
>

const ALL: readonly Surface[] = ['stream', 'resync', 'metrics', 'other']

/** `isSet`: whether the port was set, to any value; the defaults alone open nothing. */
export function planListeners(
  config: PlanSettings,
  isSet: (key: PortKey) => boolean,
  command: Command,
): ListenPlan {
  const sse = config.sseHttp ?? isSet('sseHttpPort')
  const metrics = config.summaryMetricsHttp ?? isSet('metricsHttpPort')
  const resyncAsked = isSet('resyncHttpPort')
  const resyncImplied = config.unifiedHttp === false && sse && !config.disableResyncHttp
  const unified = config.unifiedHttp ?? (command !== 'dashboard' || sse || metrics || resyncAsked)

  const wanted: ListenerPlan[] = []
  const want = (name: string, port: number, setting: string, surfaces: readonly Surface[]): void => {
    wanted.push({ name, port, setting, surfaces })
  }
  if (unified) want('unified', config.unifiedHttpPort, 'G6_UNIFIED_HTTP_PORT', ALL)
  if (sse) want('stream', config.sseHttpPort, 'G6_SSE_HTTP_PORT', ['stream'])
  if (metrics) want('metrics', config.metricsHttpPort, 'G6_METRICS_HTTP_PORT', ['metrics'])
  if (resyncAsked || resyncImplied) {
    want('resync', config.resyncHttpPort, 'G6_RESYNC_HTTP_PORT', ['resync'])
  }

  if (wanted.length === 0 && command !== 'dashboard') {
    const ways =
      'unset G6_UNIFIED_HTTP=0, or turn on G6_SSE_HTTP, G6_SUMMARY_METRICS_HTTP or G6_RESYNC_HTTP_PORT'
    return { ok: false, error: `g6 ${command} has nothing to serve, every port is off: ${ways}` }
  }
  return { ok: true, listeners: merged(wanted, unixPathOf(config.httpHost) !== null) }
}

/**
 * Settings that name the same port share one listener with the routes of all of them. (0 is any free port.) A unix socket has no
 * ports: all share it.
 */
function merged(wanted: readonly ListenerPlan[], isUnix: boolean): readonly ListenerPlan[] {
  const listeners: ListenerPlan[] = []
  for (const plan of wanted) {
    const isSame = (other: ListenerPlan): boolean => isUnix || (plan.port !== 0 && other.port === plan.port)
    const at = listeners.findIndex(isSame)
    const other = listeners[at]
    if (other === undefined) listeners.push(plan)
    else
      listeners[at] = {
        ...other,
        surfaces: ALL.filter(s => [...other.surfaces, ...plan.surfaces].includes(s)),
      }
  }
  return listeners
}
