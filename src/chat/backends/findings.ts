// What cannot work in the backends of the settings, as far as the settings alone tell. Pure: nothing is asked of the network.
import type { Config } from '../../config/settings.js'
import { hasChatBackend } from '../chat-config.js'
import { allBackendsOf, type Backend, backendsOf, chatBackendsOf, modelAt } from './backend.js'

export type BackendFinding = { readonly name: string; readonly message: string }

type Settings = Pick<
  Config,
  | 'relayBackends'
  | 'relayUpstream'
  | 'relayForwardKey'
  | 'ragBackendUrl'
  | 'ragBackendToken'
  | 'chatUpstream'
  | 'chatModel'
  | 'enableSseStreaming'
>

/** What is added to the path of a URL: it must not stand there already. */
const ADDED =
  /\/(?:chat\/completions|completions|responses|messages|embeddings|models|bali-zero\/chat-stream)\/*$/
const TWICE = /\/(v\d+)\/\1(?:\/|$)/
/** They answer nobody without a key. */
const NEED_KEYS: readonly string[] = ['api.openai.com', 'api.anthropic.com']

export function backendFindings(settings: Settings): readonly BackendFinding[] {
  return [
    ...streamingWithoutBackend(settings),
    ...modelFindings(settings),
    ...keyFindings(settings),
    ...allBackendsOf(settings).flatMap(backend => urlFindings(backend, settings)),
    ...repeatedUrls(settings),
  ]
}

function streamingWithoutBackend(settings: Settings): readonly BackendFinding[] {
  if (!settings.enableSseStreaming || hasChatBackend(settings)) return []
  const message =
    'ENABLE_SSE_STREAMING is on without RAG_BACKEND_URL: every question is answered 503 no_backend'
  return [{ name: 'RAG_BACKEND_URL', message }]
}

/** The bali-zero routes name the model themselves. */
function modelFindings(settings: Settings): readonly BackendFinding[] {
  const { chatModel, enableSseStreaming, ragBackendUrl } = settings
  const { style, backends } = chatBackendsOf(settings)
  const isUsed = enableSseStreaming || ragBackendUrl.length > 0
  if (style !== 'openai' || backends.length === 0 || !isUsed) return []
  const name = 'G6_CHAT_MODEL'
  if (chatModel === null) {
    const names = backends.map(backend => backend.name).join(', ')
    return [{ name, message: `${name} is not set: ${names} would be asked without a model` }]
  }
  if (backends.some(backend => modelAt(backend, chatModel) !== null)) return []
  return [{ name, message: `${name}: no backend has ${JSON.stringify(chatModel)} among its models` }]
}

function keyFindings(settings: Settings): readonly BackendFinding[] {
  const { ragBackendToken, relayForwardKey, relayUpstream, relayBackends } = settings
  const findings: BackendFinding[] = []
  if (ragBackendToken !== null && allBackendsOf(settings).every(({ key }) => key !== ragBackendToken))
    findings.push({ name: 'RAG_BACKEND_TOKEN', message: 'RAG_BACKEND_TOKEN is a key that no backend uses' })
  if (relayBackends.length === 0) return findings
  if (relayUpstream !== null)
    findings.push({
      name: 'G6_RELAY_UPSTREAM',
      message: 'G6_RELAY_UPSTREAM changes nothing: the backends are those of [[relay.backend]]',
    })
  const accepting = relayBackends.find(({ acceptsCallerKey }) => acceptsCallerKey)
  if (relayForwardKey && accepting === undefined)
    findings.push({
      name: 'G6_RELAY_FORWARD_KEY',
      message: 'G6_RELAY_FORWARD_KEY is on, and no [[relay.backend]] has accepts_caller_key = true',
    })
  if (!relayForwardKey && accepting !== undefined)
    findings.push({
      name: 'G6_RELAY_BACKENDS',
      message: `accepts_caller_key of ${accepting.name} changes nothing without G6_RELAY_FORWARD_KEY=1`,
    })
  return findings
}

function urlFindings(
  { name, url, key, acceptsCallerKey }: Backend,
  settings: Settings,
): readonly BackendFinding[] {
  const findings: BackendFinding[] = []
  const { pathname, hostname } = url
  const setting = settingOf(name, settings)
  const twice = ADDED.exec(pathname)?.[0] ?? TWICE.exec(pathname)?.[0]
  if (twice !== undefined) {
    const path = twice.endsWith('/') ? twice.slice(0, -1) : twice
    const message = `the URL of ${name} has the path ${path}, which would be there twice: it is added to the URL`
    findings.push({ name: setting, message })
  }
  const hasCallerKey = acceptsCallerKey && settings.relayForwardKey
  if (NEED_KEYS.includes(hostname) && key === null && !hasCallerKey)
    findings.push({
      name: setting,
      message: `${name} has no key, and ${hostname} answers nobody without one`,
    })
  return findings
}

function settingOf(name: string, settings: Settings): string {
  if (!backendsOf(settings).some(backend => backend.name === name)) return 'RAG_BACKEND_URL'
  return settings.relayBackends.length > 0 ? 'G6_RELAY_BACKENDS' : 'G6_RELAY_UPSTREAM'
}

function repeatedUrls({ ragBackendUrl }: Settings): readonly BackendFinding[] {
  const urls = ragBackendUrl.map(text => new URL(text).href)
  return urls.some((url, at) => urls.indexOf(url) < at)
    ? [{ name: 'RAG_BACKEND_URL', message: 'RAG_BACKEND_URL names one URL twice: the second is of no use' }]
    : []
}
