// What a reader of the stream gets, how fast, and in which form.
import { bytes, int, millis, number, seconds } from '../kinds/numbers.js'
import { bool } from '../kinds/words.js'
import { group } from '../setting.js'

export const stream = group('stream', 'What a reader of the stream gets, how fast, and in which form.', {
  G6_SSE_HEARTBEAT_CYCLES: int(5, {
    min: 1,
    max: 1_000_000,
    unit: 'cycles',
    about: 'The heartbeat interval: cycles (refresh intervals) without a change.',
  }),
  G6_SSE_FORCE_FULL_EVERY_N: int(0, {
    min: 0,
    max: 1_000_000_000,
    unit: 'cycles',
    about: 'The period of a full snapshot, in cycles (refresh intervals); 0 = never.',
  }),
  G6_SSE_STRUCTURED: bool(false, {
    about: 'Sends line differences by default (a reader chooses with ?structured=1 or 0).',
  }),
  G6_SSE_STRUCT_MAX_CHANGES: int(40, {
    min: 0,
    max: 100_000,
    unit: 'lines',
    about: 'A panel with more changed lines is sent whole.',
  }),
  G6_SSE_EVENTS_PER_SEC: number(100, {
    min: 0.1,
    max: 1_000_000,
    unit: 'events/s',
    reload: true,
    about:
      'The limit of events per second for each connection, twice that in a burst; events above it are merged, never lost.',
  }),
  G6_SSE_MAX_EVENT_BYTES: bytes(65_536, {
    min: 256,
    max: 64 * 1024 ** 2,
    about: 'A larger event is sent as a group of several.',
  }),
  G6_SSE_STALL_TIMEOUT_MS: millis(30_000, {
    about: 'A reader that takes no bytes for this long is closed.',
  }),
  G6_SSE_MAX_AGE_SEC: seconds(3600, {
    min: 0,
    max: 30 * 86_400,
    reload: true,
    about:
      'The age at which a stream is ended in order, 20 % more or less for each; its reader comes back and gets what changed. 0 = never.',
  }),
  G6_SSE_RECONNECT_SPREAD_MS: millis(5000, {
    min: 0,
    about: 'The time over which reconnects are spread after a stop.',
  }),
  G6_SSE_RETRY_MS: millis(2000, {
    min: 0,
    about: 'The reconnection time sent to readers as retry:.',
  }),
  G6_SSE_GZIP: bool(true, {
    about:
      'Compresses the stream for readers that accept gzip; off needs a proxy that does not compress it either, or events are late.',
  }),
})
