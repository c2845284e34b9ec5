// The chat relay: who may use it, where answers come from, its clocks and limits, and its audit trail.

import { url, urls } from '../kinds/network.js'
import { bytes, int, millis, number, rate } from '../kinds/numbers.js'
import { passphrase, storedKey, token, tokens } from '../kinds/secrets.js'
import { bool, choice, list, path, text } from '../kinds/words.js'
import { group } from '../setting.js'

export const chat = group('chat', 'The chat relay, its upstream, limits and audit trail.', {
  ENABLE_SSE_STREAMING: bool(false, {
    reload: true,
    about:
      'Opens streamed answers ({prefix}/chat-stream); {prefix}/chat answers whenever RAG_BACKEND_URL is set.',
  }),
  ENABLE_SSE_STREAMING_PERCENTAGE: number(100, {
    min: 0,
    max: 100,
    unit: '%',
    reload: true,
    about:
      'The share of users (without identity: of addresses) that get streamed answers; raising it keeps everybody who had them.',
  }),
  ENABLE_SSE_STREAMING_USERS: list([], {
    reload: true,
    about: 'Users who get streamed answers at any percentage, as plain names or as HMAC.',
  }),
  ENABLE_AUDIT_TRAIL: bool(true, {
    about: 'Keeps the audit trail of the chat relay.',
  }),
  RAG_BACKEND_URL: urls({
    about: 'The model backends of the chat relay, tried in order.',
  }),
  RAG_BACKEND_TOKEN: token({
    reload: true,
    about: 'The token the chat relay sends to its backend.',
  }),
  API_KEYS_INTERNAL: tokens({
    guessable: true,
    reload: true,
    about: 'The keys (header x-api-key) that bypass the chat relay’s limits.',
  }),
  G6_CHAT_PREFIX: text('/api/v2/bali-zero', {
    pattern: /^(\/[A-Za-z0-9._~-]+)+$/,
    allowed: 'a URL path like /api/v2/bali-zero, without a slash at its end',
    about: 'The URL prefix of the chat relay’s routes.',
  }),
  G6_CHAT_UPSTREAM: choice('rag-get', {
    of: ['rag-get', 'rag-post', 'openai'],
    about: 'The API that the chat relay uses to query its backend.',
  }),
  G6_CHAT_MODEL: text(null, {
    about: 'The model that the chat relay requests with G6_CHAT_UPSTREAM=openai.',
  }),
  G6_CHAT_FORWARD_AUTH: bool(false, {
    reload: true,
    about: 'Sends the caller’s own token on to the backend.',
  }),
  G6_CHAT_ANONYMOUS: bool(true, {
    reload: true,
    about: 'Lets callers without identity use the chat relay.',
  }),
  G6_CHAT_JWKS_URL: url({
    about: 'The URL of the keys (JWKS) that verify callers’ tokens.',
  }),
  G6_CHAT_JWT_SECRET: passphrase({
    guessable: true,
    reload: true,
    about: 'The key that verifies callers’ tokens where G6_CHAT_JWKS_URL is not set.',
  }),
  G6_CHAT_JWT_ISSUER: text(null, {
    reload: true,
    about: 'The issuer callers’ tokens must name; unset = any.',
  }),
  G6_CHAT_JWT_AUDIENCE: text(null, {
    reload: true,
    about: 'The audience callers’ tokens must name; unset = any.',
  }),
  G6_CHAT_RATE: rate(
    { count: 20, windowSec: 60 },
    {
      reload: true,
      about: 'The chat streams that a user (without identity: an address) may start in a sliding window.',
    },
  ),
  G6_CHAT_MAX_STREAMS: int(1000, {
    min: 1,
    max: 1_000_000,
    reload: true,
    about: 'The limit of live chat streams.',
  }),
  G6_CHAT_MAX_STREAMS_PER_USER: int(4, {
    min: 1,
    max: 1_000_000,
    reload: true,
    about: 'The limit of live chat streams for each user.',
  }),
  G6_CHAT_MAX_QUERY_BYTES: bytes(32_768, {
    min: 1,
    max: 16 * 1024 ** 2,
    reload: true,
    about: 'The longest question that the chat relay accepts.',
  }),
  G6_CHAT_EARLY_HEADERS_MS: millis(1000, {
    min: 0,
    about: 'How long the 200 is delayed, so that an early failure can still be sent as its own HTTP status.',
  }),
  G6_CHAT_FIRST_TOKEN_TIMEOUT_MS: millis(30_000, {
    about: 'How long a backend may be silent before its first word; any byte of it is a sign of life.',
  }),
  G6_CHAT_IDLE_TIMEOUT_MS: millis(60_000, {
    about: 'How long a backend may be silent after its first word; any byte of it is a sign of life.',
  }),
  G6_CHAT_NO_WORD_TIMEOUT_MS: millis(600_000, {
    about:
      'How long a backend that is not silent may send no visible word (it thinks, calls tools, or pings).',
  }),
  G6_CHAT_MAX_DURATION_MS: millis(900_000, {
    about: 'The longest time that an answer may take.',
  }),
  G6_CHAT_HEARTBEAT_MS: millis(30_000, {
    about: 'The time between two heartbeat events of a chat stream.',
  }),
  G6_CHAT_LOG_BYTES: bytes(4 * 1024 ** 2, {
    min: 1024,
    max: 1024 ** 3,
    about: 'The size limit of the log of each chat stream; a stream that exceeds it ends with too_large.',
  }),
  G6_CHAT_RESUME_TTL_MS: millis(300_000, {
    about: 'How long a chat stream can be resumed after its end.',
  }),
  G6_CHAT_READER_STALL_MS: millis(60_000, {
    about: 'A chat reader that takes no bytes for this long is closed; it can resume.',
  }),
  G6_CHAT_PACE: choice('upstream', {
    of: ['upstream', 'reader'],
    about: 'Whether an answer is read at the backend’s speed or no faster than its slowest live reader.',
  }),
  G6_CHAT_READ_AHEAD_BYTES: bytes(262_144, {
    min: 1024,
    max: 1024 ** 3,
    about: 'How far G6_CHAT_PACE=reader reads ahead of the slowest live reader.',
  }),
  G6_CHAT_ON_DISCONNECT: choice('grace', {
    of: ['grace', 'cancel', 'finish'],
    about:
      'What happens to an answer when its last reader leaves: wait for a resume, cancel, or (with G6_CHAT_ALLOW_FINISH) read to the end.',
  }),
  G6_CHAT_DISCONNECT_GRACE_MS: millis(15_000, {
    min: 0,
    about: 'How long an answer without a reader waits for a resume.',
  }),
  G6_CHAT_ALLOW_FINISH: bool(false, {
    reload: true,
    about: 'Allows an answer to be read to the end when nobody waits for it.',
  }),
  G6_CHAT_EXAMPLES: list([], {
    separator: '|',
    most: 3,
    item: { pattern: /^[^\p{Cc}]{1,200}$/u, allowed: 'a question of up to 200 characters' },
    reload: true,
    about: 'Questions that the chat page offers as examples, separated by "|"; it sends none by itself.',
  }),
  G6_AUDIT_DB: path('data/audit.db', {
    about: 'The database of the audit trail.',
  }),
  G6_AUDIT_KEY: storedKey({
    about: 'The key of the audit trail’s chain; unset = one is generated and kept next to the database.',
  }),
  G6_AUDIT_RETENTION_DAYS: int(90, {
    min: 1,
    max: 36_500,
    unit: 'days',
    about: 'How long audit records are kept.',
  }),
  G6_AUDIT_REQUIRED: bool(false, {
    reload: true,
    about: 'Refuses new chat streams while the audit store is unavailable.',
  }),
  G6_AUDIT_STORE_EMAIL: bool(false, {
    reload: true,
    about: 'Keeps email addresses in the audit trail, not only their HMAC.',
  }),
})
