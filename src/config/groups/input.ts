// Where the status comes from.
import { bytes } from '../kinds/numbers.js'
import { choice, path, timezone } from '../kinds/words.js'
import { group } from '../setting.js'

export const input = group('input', 'Where the status comes from.', {
  G6_SUMMARY_STATUS_FILE: path('data/runtime_status.json', {
    flag: '--status-file',
    alias: ['G6_STATUS_FILE', 'G6_RUNTIME_STATUS_FILE', 'G6_RUNTIME_STATUS'],
    about: 'The status document to read.',
  }),
  G6_PANELS_MODULE: path(null, {
    flag: '--panels',
    about: 'A JavaScript module with panels of your own; its default export is a list of { key, build }.',
  }),
  G6_AUTO_PANELS: choice('foreign', {
    of: ['foreign', 'all'],
    about:
      'Panels made from the document itself: `foreign` where the known panels read none of it, `all` also for members that they do not read.',
  }),
  G6_SOURCE_TIMEZONE: timezone(null, {
    defaultText: 'UTC for ISO text, Asia/Kolkata for day-first text',
    about: 'The time zone of times in the status that name none.',
  }),
  G6_STATUS_MAX_BYTES: bytes(8 * 1024 ** 2, {
    min: 1024,
    max: 1024 ** 3,
    about: 'A larger status document is not read and shown as too_large.',
  }),
})
