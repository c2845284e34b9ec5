// Who may connect, how often and how many at once.

import { addresses, headerName, origins } from '../kinds/network.js'
import { int, rate } from '../kinds/numbers.js'
import { token } from '../kinds/secrets.js'
import { list } from '../kinds/words.js'
import { group } from '../setting.js'

export const guards = group('guards', 'Who may connect, how often and how many at once.', {
  G6_SSE_API_TOKEN: token({
    guessable: true,
    reload: true,
    flag: '--token-file',
    about: 'The token that every data route requires; unset = no token is required.',
  }),
  G6_SSE_API_TOKEN_PREVIOUS: token({
    guessable: true,
    reload: true,
    failsOpen: false,
    about: 'The previous token, also accepted while clients switch to the new one; an empty file means none.',
  }),
  G6_PUSH_TOKEN: token({
    guessable: true,
    reload: true,
    about: 'The token that senders to --source push:NAME need; it is not the token of readers.',
  }),
  G6_PUSH_RATE: rate(
    { count: 600, windowSec: 60 },
    {
      reload: true,
      about: 'The pushes to each /push/NAME in a sliding window.',
    },
  ),
  G6_SSE_TICKET_RETURN_SEC: int(43_200, {
    min: 0,
    max: 30 * 86_400,
    unit: 's',
    reload: true,
    about:
      'How long an EventSource may come back with its ticket, counted from its issue; the first connection has 60 s.',
  }),
  G6_SSE_IP_ALLOW: addresses({
    reload: true,
    failsOpen: true,
    about: 'The addresses and ranges that may connect; unset = all.',
  }),
  G6_SSE_UA_ALLOW: list([], {
    reload: true,
    failsOpen: true,
    about: 'User agents allowed, as prefixes; a pattern that begins with * matches anywhere. Empty = all.',
  }),
  G6_SSE_IP_CONNECT_RATE: rate(
    { count: 60, windowSec: 60 },
    {
      reload: true,
      alias: ['G6_SSE_IP_CONN_RATE'],
      about: 'The new connections for each address (IPv6: each /64) in a sliding window.',
    },
  ),
  G6_SSE_MAX_CONNECTIONS: int(50, {
    min: 1,
    max: 1_000_000,
    reload: true,
    alias: ['G6_SSE_MAX_CLIENTS'],
    about: 'The limit of open streams.',
  }),
  G6_SSE_MAX_CONNECTIONS_PER_IP: int(0, {
    min: 0,
    max: 1_000_000,
    reload: true,
    about: 'The limit of open streams for each address; 0 = no limit.',
  }),
  G6_SSE_ALLOW_ORIGIN: origins({
    reload: true,
    about: 'The web origins whose pages may read the stream; unset = only the server’s own.',
  }),
  G6_SSE_REQUEST_ID_HEADER: headerName('X-Request-ID', {
    about: 'The header that carries the request id in and out.',
  }),
})
