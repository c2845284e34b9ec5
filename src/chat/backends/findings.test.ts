import { expect, test } from 'vitest'
import { loadConfig } from '../../config/load.js'
import { backendFindings } from './findings.js'

function findings(env: Record<string, string>, text = ''): readonly string[] {
  const result = loadConfig({ env, file: { path: 'g6.toml', text }, readSecretFile: () => 'key' })
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return backendFindings(result.config).map(({ message }) => message)
}

const backend = (more = '', url = 'http://a/v1') =>
  `[[relay.backend]]\nname = "main"\nurl = "${url}"\n${more}\n`

type Case = readonly [env: Record<string, string>, text: string, ...says: string[]]
const CASES: readonly Case[] = [
  [{}, ''],
  [{ RAG_BACKEND_URL: 'http://rag' }, ''],
  [{ G6_RELAY_UPSTREAM: 'http://a', RAG_BACKEND_TOKEN: 't' }, ''],
  [{ ENABLE_SSE_STREAMING: '1', G6_CHAT_MODEL: 'm' }, backend()],
  [
    { ENABLE_SSE_STREAMING: '1' },
    '',
    'ENABLE_SSE_STREAMING is on without RAG_BACKEND_URL: every question is answered 503 no_backend',
  ],
  [
    { ENABLE_SSE_STREAMING: '1' },
    backend('serves = ["messages"]'),
    'ENABLE_SSE_STREAMING is on without RAG_BACKEND_URL: every question is answered 503 no_backend',
  ],
  [
    { RAG_BACKEND_URL: 'http://x', G6_CHAT_UPSTREAM: 'openai' },
    '',
    'G6_CHAT_MODEL is not set: x would be asked without a model',
  ],
  [{ ENABLE_SSE_STREAMING: '1' }, backend(), 'G6_CHAT_MODEL is not set: main would be asked without a model'],
  [
    { ENABLE_SSE_STREAMING: '1', G6_CHAT_MODEL: 'slow' },
    backend('models = { fast = "x" }'),
    'G6_CHAT_MODEL: no backend has "slow" among its models',
  ],
  [{ RAG_BACKEND_TOKEN: 't' }, '', 'RAG_BACKEND_TOKEN is a key that no backend uses'],
  [{ RAG_BACKEND_TOKEN: 't' }, backend('key_file = "k"'), 'RAG_BACKEND_TOKEN is a key that no backend uses'],
  [
    { G6_RELAY_UPSTREAM: 'http://b' },
    backend(),
    'G6_RELAY_UPSTREAM changes nothing: the backends are those of [[relay.backend]]',
  ],
  [
    { G6_RELAY_FORWARD_KEY: '1' },
    backend(),
    'G6_RELAY_FORWARD_KEY is on, and no [[relay.backend]] has accepts_caller_key = true',
  ],
  [
    {},
    backend('accepts_caller_key = true'),
    'accepts_caller_key of main changes nothing without G6_RELAY_FORWARD_KEY=1',
  ],
  [
    {},
    backend('', 'http://a/v1/chat/completions'),
    'the URL of main has the path /chat/completions, which would be there twice: it is added to the URL',
  ],
  [
    {},
    backend('', 'http://a/v1/v1'),
    'the URL of main has the path /v1/v1, which would be there twice: it is added to the URL',
  ],
  [
    { RAG_BACKEND_URL: 'http://a/bali-zero/chat-stream/' },
    '',
    'the URL of a has the path /bali-zero/chat-stream, which would be there twice: it is added to the URL',
  ],
  [
    { RAG_BACKEND_URL: 'http://a,http://a/' },
    '',
    'RAG_BACKEND_URL names one URL twice: the second is of no use',
  ],
  [
    {},
    backend('', 'https://api.openai.com/v1'),
    'main has no key, and api.openai.com answers nobody without one',
  ],
  [{}, backend('key_file = "k"', 'https://api.openai.com/v1')],
]

test.each(CASES.map(([env, text, ...says]) => ({ env, text, says })))('$env $text', ({ env, text, says }) => {
  expect(findings(env, text)).toEqual(says)
})
