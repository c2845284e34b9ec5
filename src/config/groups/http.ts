// What listens on the network, and how it stops.

import { addresses, baseUrl, host } from '../kinds/network.js'
import { millis, port } from '../kinds/numbers.js'
import { bool, list, text } from '../kinds/words.js'
import { group } from '../setting.js'

export const http = group('http', 'What listens on the network, and how it stops.', {
  G6_HTTP_HOST: host('127.0.0.1', {
    flag: '--host',
    about:
      'The address to listen on, or unix: and a path; one that other machines reach needs a token (G6_SSE_API_TOKEN).',
  }),
  G6_HTTP_SOCKET_MODE: text('0660', {
    pattern: /^0?[67][0-7]{2}$/,
    allowed: 'a mode in octal from 0600 to 0777, as a text',
    about: 'The mode of the unix socket: who may connect.',
  }),
  G6_PUBLIC_URL: baseUrl({
    defaultText: 'the address that is listened on',
    about:
      'The address under which people reach this server, also below a path: what it prints, its links, /openapi.json.',
  }),
  G6_UNIFIED_HTTP: bool(null, {
    defaultText: 'on for serve and demo; on for dashboard when something asks for HTTP',
    about: 'The server with all routes, on or off for every command.',
  }),
  G6_UNIFIED_HTTP_PORT: port(9329, {
    flag: '--port',
    about: 'The port of all routes.',
  }),
  G6_SSE_HTTP: bool(null, {
    defaultText: 'unset',
    about:
      'On: the stream routes also on G6_SSE_HTTP_PORT; off: no stream route anywhere, the emergency switch.',
  }),
  G6_SSE_HTTP_PORT: port(9320, {
    about: 'A port for the stream routes; setting it turns it on.',
  }),
  G6_SUMMARY_METRICS_HTTP: bool(null, {
    defaultText: 'unset',
    about: 'On: /metrics, /livez and /readyz also on G6_METRICS_HTTP_PORT.',
  }),
  G6_METRICS_HTTP_PORT: port(9325, {
    about: 'A port for /metrics, /livez and /readyz; setting it turns it on.',
  }),
  G6_RESYNC_HTTP_PORT: port(9316, {
    about:
      'A port for /summary/resync and /summary/health; setting it, or a stream with G6_UNIFIED_HTTP=0, turns it on.',
  }),
  G6_DISABLE_RESYNC_HTTP: bool(false, {
    about: 'Answers /summary/resync with 404; clients then reconnect for a snapshot.',
  }),
  G6_METRICS_PUBLIC: bool(false, {
    reload: true,
    about: 'Serves /metrics without a token.',
  }),
  G6_READY_REQUIRES_FRESH: bool(false, {
    reload: true,
    about: 'Answers /readyz with 503 while the status is older than stream.stale.error_sec allows.',
  }),
  G6_ALLOW_OPEN: bool(false, {
    flag: '--allow-open',
    about: 'Allows an address that is not loopback without a token, with a warning at each start.',
  }),
  G6_ALLOWED_HOSTS: list([], {
    reload: true,
    item: { pattern: /^[^\s/@]+$/, allowed: 'a host name or address' },
    defaultText: 'loopback names when bound to loopback, else no check',
    about: 'The Host headers that are accepted, against DNS rebinding.',
  }),
  G6_TRUST_PROXY: addresses({
    reload: true,
    about: 'The proxies whose X-Forwarded-For is trusted; unix means those that connect over a unix socket.',
  }),
  G6_SHUTDOWN_GRACE_MS: millis(5000, {
    min: 0,
    max: 600_000,
    about: 'How long a stop may take; running answers of the chat relay may finish within it.',
  }),
  G6_SHED_LAG_MS: millis(1000, {
    min: 0,
    reload: true,
    about: 'The event-loop lag above which new readers are refused; 0 = never.',
  }),
})
