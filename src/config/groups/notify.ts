// Notifications: rules, when they are muted, and what is kept of them.
import { path } from '../kinds/words.js'
import { muteTables, notifyTables } from '../notify-tables.js'
import { group } from '../setting.js'

export const notify = group('notify', 'Messages about the board: what is sent when, and to where.', {
  G6_NOTIFY: notifyTables({
    reload: true,
    about: 'The rules, as tables [[notify]] of the settings file or as a JSON list; none by default.',
  }),
  G6_MUTE: muteTables({
    reload: true,
    about: 'When rules send nothing, as tables [[mute]] of the settings file or as a JSON list.',
  }),
  G6_NOTIFY_STATE: path('data/notify.state', {
    about: 'The file of messages that are not delivered yet, open incidents and mutes; of its owner alone.',
  }),
})
