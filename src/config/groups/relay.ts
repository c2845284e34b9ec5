// The relay in the formats that apps already use: its routes, its backends, its keys.

import { url } from '../kinds/network.js'
import { bytes } from '../kinds/numbers.js'
import { bool, list, path } from '../kinds/words.js'
import { backendTables, routeTables } from '../relay-tables.js'
import { group } from '../setting.js'

export const relay = group('relay', 'The relay in the formats of other APIs (/v1), and its backends.', {
  G6_RELAY_UPSTREAM: url({
    about: 'The backend of the /v1 routes, which are off without one; several: [[relay.backend]].',
  }),
  G6_RELAY_FORWARD_KEY: bool(false, {
    reload: true,
    about: 'Passes the caller’s key for the backend on, to the one backend that accepts it.',
  }),
  G6_RELAY_ANONYMOUS: bool(false, {
    reload: true,
    about: 'Lets callers without identity use the /v1 routes on an address that is not loopback.',
  }),
  G6_RELAY_MAX_BODY_BYTES: bytes(32 * 1024 ** 2, {
    min: 1024,
    max: 1024 ** 3,
    about: 'The largest request body of the /v1 routes.',
  }),
  G6_RELAY_PASS: list([], {
    item: {
      pattern: /^(?:(?:GET|POST|PUT|PATCH|DELETE) )?\/v1(?:\/[A-Za-z0-9._~-]+)+(?:\/\*)?$/,
      allowed: 'a path below /v1, like /v1/files, /v1/files/* or POST /v1/moderations',
    },
    about: 'More paths that are passed on to the backend and never logged; * matches the rest of a path.',
  }),
  G6_RELAY_REPEAT_UNANSWERED: bool(false, {
    reload: true,
    about: 'Asks the next backend at once when a question was sent and not answered; it may be paid twice.',
  }),
  G6_RELAY_BACKENDS: backendTables({
    reload: true,
    about: 'The backends, as tables [[relay.backend]] of the settings file or as a JSON list.',
  }),
  G6_RELAY_ROUTES: routeTables({
    about: 'Routes of apps behind this server, as tables [[relay.route]] or as a JSON list.',
  }),
  G6_KEYS_DB: path('data/keys.db', {
    about: 'The database of the relay’s own keys.',
  }),
})
