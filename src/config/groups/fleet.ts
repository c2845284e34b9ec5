// Several servers as one, over Redis.
import { redisAddress } from '../kinds/redis-address.js'
import { bool, path, text } from '../kinds/words.js'
import { group } from '../setting.js'

export const fleet = group('fleet', 'Several servers that act as one, over Redis.', {
  G6_REDIS_URL: redisAddress({
    about:
      'The Redis that joins the servers of a fleet: they show one board, and a reader may move between them; unset = a server by itself.',
  }),
  G6_FLEET: text('g6', {
    pattern: /^[A-Za-z0-9._-]{1,40}$/,
    allowed: '1 to 40 letters, digits, dots, underscores and hyphens',
    failsOpen: true,
    about: 'The name of the fleet; two fleets on one Redis need two names.',
  }),
  G6_REDIS_REQUIRED: bool(false, {
    reload: true,
    about:
      'While Redis does not answer, new answers of the chat relay are refused with 503; else each server allows its share of a limit.',
  }),
  G6_FLEET_KEY_FILE: path(null, {
    about:
      'Keys (32 bytes as base64 or hex, one a line, newest first) that encrypt what a fleet writes to Redis; the same at all servers.',
  }),
  G6_REDIS_CA_FILE: path(null, {
    about: 'The certificates (PEM) that a rediss:// server is checked with, in place of the usual ones.',
  }),
})
