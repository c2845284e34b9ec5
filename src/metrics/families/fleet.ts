// The fleet: its Redis, its nodes, the seat of this one, and what answers of the relay share.
import { ENGINE_SEC } from '../buckets.js'
import { counter, gauge, histogram } from '../declare.js'

export const fleetMetrics = {
  g6_fleet_engine_up: gauge('1 while Redis answers the beats of this node, 0 while it is gone.', {
    absentAtFirst: true,
  }),
  g6_fleet_engine_seconds: histogram('From a command to the answer of Redis.', ENGINE_SEC),
  g6_fleet_nodes: gauge('Nodes of the fleet that beat, as this one last saw.', { absentAtFirst: true }),
  g6_fleet_seat: gauge('1 for what this node does now, 0 for the rest.', {
    labels: { seat: ['following', 'leading', 'alone', 'adrift'] },
    absentAtFirst: true,
  }),
  g6_fleet_term_changes_total: counter('Times that this node became the publisher.'),
  g6_fleet_fenced_total: counter('Writes refused because another node had become the publisher.'),
  g6_fleet_notice_lag_seconds: histogram('From the notice of a new board until it is shown.', ENGINE_SEC),
  g6_fleet_pulls_total: counter('Readings of the board in Redis, by what asked for them.', {
    labels: { why: ['notice', 'beat', 'reader', 'whole'] },
  }),
  g6_fleet_link_resets_total: counter('Connections to Redis made anew, by reason.', {
    labels: { why: ['deadline', 'connect', 'closed', 'replica', 'deaf'] },
  }),
  g6_fleet_unshared_total: counter('What was not shared, by reason.', {
    labels: { why: ['large', 'answer_large', 'full'] },
  }),
  g6_chat_shared_put_seconds: histogram('From sending events of answers to the answer of Redis.', ENGINE_SEC),
  g6_chat_shared_lag_events: gauge('Events that Redis lacks, of the answer that lacks most.', {
    absentAtFirst: true,
  }),
  g6_chat_buried_total: counter('Answers of servers that were lost, which this one ended.'),
  g6_chat_limits_local_total: counter(
    'Starts and answers that this server decided about alone, since Redis did not in time.',
  ),
} as const
