// Reading other servers' streams, and the status stream we serve.

import { urls } from '../kinds/network.js'
import { millis, seconds } from '../kinds/numbers.js'
import { passphrase, token } from '../kinds/secrets.js'
import { bool, list, text } from '../kinds/words.js'
import { group } from '../setting.js'

export const ingest = group('ingest', 'Reading other servers’ streams, and the status stream we serve.', {
  G6_PANELS_SSE_URL: urls({
    alias: ['G6_SUMMARY_SSE_URL'],
    about:
      'The status streams to read; the first is the primary one. The status file is shown while they send nothing.',
  }),
  G6_PANELS_SSE_TYPES: list(
    ['panel_full', 'panel_diff', 'severity_state', 'severity_counts', 'followup_alert'],
    {
      alias: ['G6_SUMMARY_SSE_TYPES'],
      about: 'The event types to request.',
    },
  ),
  G6_PANELS_SSE_TIMEOUT: seconds(45, {
    alias: ['G6_SUMMARY_SSE_TIMEOUT'],
    about: 'Reconnect after this much silence.',
  }),
  G6_PANELS_SSE_TOKEN: token({
    reload: true,
    about: 'The token sent to followed servers; a new one is used from the next connection on.',
  }),
  G6_HTTP_BASIC_USER: text(null, {
    reload: true,
    pattern: /^[^:\p{Cc}]+$/u,
    allowed: 'a name without a colon',
    about: 'The user name sent to followed status streams (Basic), where the password is set too.',
  }),
  G6_HTTP_BASIC_PASS: passphrase({
    reload: true,
    about: 'The password sent to followed status streams (Basic), where the user name is set too.',
  }),
  G6_SUMMARY_AUTO_FULL_RECOVERY: bool(true, {
    about: 'Requests a full status when a difference cannot be applied.',
  }),
  G6_EVENTS_FORCE_FULL_RETRY_SECONDS: seconds(30, {
    about: 'The shortest time between two requests for a full status; the first is sent at once.',
  }),
  G6_EVENTS_SSE_RETRY_MS: millis(5000, {
    min: 0,
    about: 'The reconnection time given to readers of /events as retry:.',
  }),
  G6_EVENTS_SSE_HEARTBEAT: seconds(5, {
    about: 'The time without an event after which /events sends a comment.',
  }),
  G6_STREAM_WARN_SEC: seconds(null, {
    alias: ['G6_STREAM_STALE_WARN_SEC'],
    reload: true,
    defaultText: 'max(10, 2 × interval)',
    about: 'The age of the last event from which the stream’s health is warn.',
  }),
  G6_STREAM_STALE_SEC: seconds(null, {
    alias: ['G6_STREAM_STALE_ERR_SEC'],
    reload: true,
    defaultText: 'max(30, 3 × interval)',
    about: 'The age of the last event from which the stream’s health is stale.',
  }),
})
