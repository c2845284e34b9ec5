// The program's own log.
import { url } from '../kinds/network.js'
import { passphrase } from '../kinds/secrets.js'
import { choice, text } from '../kinds/words.js'
import { group } from '../setting.js'

export const log = group('log', 'The program’s own log.', {
  G6_LOG_LEVEL: choice('info', {
    of: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    also: { warning: 'warn', critical: 'fatal' },
    flag: '--log-level',
    alias: ['LOG_LEVEL'],
    reload: true,
    about: 'The minimum log level.',
  }),
  G6_LOG_FORMAT: choice(null, {
    of: ['json', 'pretty'],
    flag: '--log-format',
    defaultText: 'json; pretty on a terminal',
    about: 'The format of a line.',
  }),
  GRAFANA_LOKI_URL: url({
    about: 'A Loki that gets the log lines too: the address of the server or of its push API.',
  }),
  GRAFANA_LOKI_USER: text(null, {
    about: 'The user for Loki; without one the key is sent as a Bearer token.',
  }),
  GRAFANA_API_KEY: passphrase({
    about: 'The key for Loki.',
  }),
})
