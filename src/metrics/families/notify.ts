// Notifications: what came of messages, and how many wait.
import { counter, gauge } from '../declare.js'

export const notifyMetrics = {
  g6_notifications_total: counter(
    'Messages by rule, and what came of them: sent; retried (it failed and is sent again later); failed (the receiver refused it for good), expired (not delivered within a day) or dropped (the outbox was full, or its target is gone).',
    {
      labels: {
        rule: { atMost: 100 },
        result: ['sent', 'retried', 'failed', 'expired', 'dropped'],
      },
    },
  ),
  g6_notify_outbox_messages: gauge('Messages that are not delivered yet.', { absentAtFirst: true }),
  g6_notify_outbox_oldest_seconds: gauge('The age of the oldest of them; 0 where there is none.', {
    absentAtFirst: true,
  }),
  g6_notify_state_writable: gauge('1 while the state of the rules can be kept, 0 while it cannot.', {
    absentAtFirst: true,
  }),
} as const
