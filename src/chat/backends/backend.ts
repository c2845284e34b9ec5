// The backends of the settings, as the relay uses them. The tables of the settings file come first; the variables that were there
// before them describe one backend, or a list that shares everything but its URLs. Pure.
import { type BackendTable, SERVED, type Served } from '../../config/relay-tables.js'
import type { Config } from '../../config/settings.js'

export type { Served } from '../../config/relay-tables.js'

export type Backend = {
  /** In logs, metrics, health, and of its breaker. */
  readonly name: string
  /** With its path and its query. */
  readonly url: URL
  readonly key: string | null
  /** In lower case. `authorization`: as Bearer. */
  readonly keyHeader: string
  /** Names that callers use → names that it uses; null: all, unchanged. */
  readonly models: ReadonlyMap<string, string> | null
  readonly usageOption: boolean
  readonly serves: ReadonlySet<Served>
  readonly acceptsCallerKey: boolean
  /** Null: G6_CHAT_FIRST_TOKEN_TIMEOUT_MS. */
  readonly firstTokenTimeoutMs: number | null
}

export type BackendSettings = Pick<
  Config,
  'relayBackends' | 'relayUpstream' | 'relayForwardKey' | 'ragBackendUrl' | 'ragBackendToken' | 'chatUpstream'
>

/** The backends of the /v1 routes, in the order in which they are asked; none: the routes are off. */
export const backendsOf = oncePerSettings((settings): readonly Backend[] => {
  const { relayBackends, relayUpstream, relayForwardKey, ragBackendToken } = settings
  if (relayBackends.length > 0) return ofTables(relayBackends)
  if (relayUpstream === null) return []
  const url = new URL(relayUpstream)
  // The token is that of RAG_BACKEND_URL where there is one: then it goes to no other server.
  const isItsToken = settings.ragBackendUrl.every(other => new URL(other).origin === url.origin)
  return [
    {
      ...PLAIN,
      name: url.host,
      url,
      key: isItsToken ? ragBackendToken : null,
      serves: new Set(SERVED),
      acceptsCallerKey: relayForwardKey,
    },
  ]
})

/** The API of the backends of the `bali-zero` routes. */
export type UpstreamStyle = Config['chatUpstream']

export type ChatBackends = { readonly style: UpstreamStyle; readonly backends: readonly Backend[] }

/** The backends of the bali-zero routes: RAG_BACKEND_URL, or those of the relay that serve `chat`. */
export const chatBackendsOf = oncePerSettings((settings): ChatBackends => {
  const { ragBackendUrl, ragBackendToken, chatUpstream } = settings
  if (ragBackendUrl.length === 0) {
    const backends = backendsOf(settings).filter(({ serves }) => serves.has('chat'))
    return { style: 'openai', backends }
  }
  const serves: ReadonlySet<Served> = new Set(chatUpstream === 'openai' ? ['chat'] : [])
  const urls = ragBackendUrl.map(text => new URL(text))
  const backends = urls.map((url, at) => ({
    ...PLAIN,
    name: nameOf(urls, at),
    url,
    key: ragBackendToken,
    serves,
  }))
  return { style: chatUpstream, backends }
})

/** Each backend once, those of the bali-zero routes first. */
export function allBackendsOf(settings: BackendSettings): readonly Backend[] {
  const all = [...chatBackendsOf(settings).backends, ...backendsOf(settings)]
  return all.filter(({ name }, at) => all.findIndex(other => other.name === name) === at)
}

const PLAIN = {
  keyHeader: 'authorization',
  models: null,
  usageOption: true,
  acceptsCallerKey: false,
  firstTokenTimeoutMs: null,
}

/** The host; with its place in the list where another URL has the same. */
function nameOf(urls: readonly URL[], at: number): string {
  const host = urls[at]?.host ?? ''
  return urls.some((other, i) => i !== at && other.host === host) ? `${host}#${at + 1}` : host
}

function ofTables(tables: readonly BackendTable[]): readonly Backend[] {
  return tables.map(({ url, models, serves, ...rest }) => ({
    ...rest,
    url: new URL(url),
    models: models === null ? null : new Map(Object.entries(models)),
    serves: new Set(serves),
  }))
}

/** Makes a value once for each settings object, not for each question. */
function oncePerSettings<T>(make: (settings: BackendSettings) => T): (settings: BackendSettings) => T {
  const made = new WeakMap<BackendSettings, T>()
  return settings => {
    const known = made.get(settings)
    if (known !== undefined) return known
    const value = make(settings)
    made.set(settings, value)
    return value
  }
}

/** The model that this backend calls `model`; null: it does not serve it. */
export function modelAt({ models }: Backend, model: string): string | null {
  return models === null ? model : (models.get(model) ?? null)
}

/** The path and query of an API path such as `/chat/completions`: it is added to the URL's own path, `/v1` where it has none. */
export function pathAt({ pathname, search }: URL, path: string): string {
  let end = pathname.length
  while (pathname[end - 1] === '/') end--
  const base = end === 0 ? '/v1' : pathname.slice(0, end)
  return `${base}${path}${search}`
}

/** The header of the backend's own key; empty where it has none. */
export function keyHeaders({ key, keyHeader }: Backend): Readonly<Record<string, string>> {
  if (key === null) return {}
  return { [keyHeader]: keyHeader === 'authorization' ? `Bearer ${key}` : key }
}
