// What is written to disk, and which outputs run at all.
import { seconds } from '../kinds/numbers.js'
import { bool, list, path } from '../kinds/words.js'
import { group } from '../setting.js'

export const files = group('files', 'What is written to disk, and which outputs run at all.', {
  G6_PANELS_DIR: path('data/panels', {
    flag: '--panels-dir',
    about: 'The folder of the panel files.',
  }),
  G6_NO_WRITE_PANELS: bool(false, {
    flag: '--no-write-panels',
    about: 'Writes no panel files.',
  }),
  G6_PANELS_WRITER_BASIC: bool(false, {
    about: 'Writes the first panel file, unified_snapshot.json, and no other.',
  }),
  G6_PANELS_LEGACY_COMPAT: bool(false, {
    about: 'Writes each panel file without its envelope too: alerts.json next to alerts_enveloped.json.',
  }),
  G6_PANELS_INCLUDE: list([], {
    about: 'The panels that get a file, by name (indices, alerts, …); empty = all.',
  }),
  G6_SUMMARY_DOSSIER_PATH: path(null, {
    about:
      'Where the dossier is written: snapshot, hashes, statistics and origins in one JSON file; unset = nowhere.',
  }),
  G6_SUMMARY_DOSSIER_INTERVAL_SEC: seconds(5, {
    about: 'The time between two writes of the dossier.',
  }),
  G6_OUTPUT_SINKS: list(['terminal', 'files', 'http'], {
    known: ['terminal', 'files', 'http'],
    about: 'Which outputs run; other words are kept, warned about and change nothing.',
  }),
})
