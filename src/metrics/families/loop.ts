// The loop and its input: cycles, outputs, and how fresh the status is.
import { CYCLE_SEC } from '../buckets.js'
import { counter, gauge, histogram, SHORT_LIST } from '../declare.js'

const lag = (what: string) =>
  gauge(`How late the event loop ran its timers since the last scrape: ${what}.`, { absentAtFirst: true })

export const loopMetrics = {
  g6_unified_cycle_total: counter('Cycles run.'),
  g6_unified_errors_total: counter('Errors inside a cycle or a scrape, by kind.', {
    labels: { kind: SHORT_LIST },
  }),
  g6_unified_plugin_exceptions_total: counter('Errors of an output, by its name.', {
    labels: { plugin: SHORT_LIST },
  }),
  g6_unified_cycle_duration_seconds: histogram('One cycle from reading to the last output.', CYCLE_SEC),
  g6_unified_plugin_process_seconds: histogram('One output taking one board.', CYCLE_SEC, {
    labels: { plugin: SHORT_LIST },
  }),
  g6_unified_render_seconds: histogram('Drawing a terminal or plain frame.', CYCLE_SEC),
  g6_unified_panels_write_seconds: histogram('Writing the panel files of one board.', CYCLE_SEC),
  g6_unified_last_cycle_timestamp: gauge('When the last cycle ended, epoch seconds.', {
    absentAtFirst: true,
  }),
  g6_status_age_seconds: gauge('Since the status was written; absent before the first good reading.', {
    absentAtFirst: true,
  }),
  g6_verdict: gauge('1 for the verdict on the system, 0 for the other words.', {
    labels: { word: ['healthy', 'attention', 'failing', 'unknown'] },
  }),
  g6_status_state: gauge('1 for the state of the input, 0 for the others.', {
    labels: {
      state: [
        'fresh',
        'closed',
        'stale',
        'missing',
        'forbidden',
        'io',
        'timeout',
        'too_large',
        'not_json',
        'not_object',
        'starting',
      ],
    },
  }),
  nodejs_eventloop_lag_seconds: lag('the last sample'),
  nodejs_eventloop_lag_min_seconds: lag('least'),
  nodejs_eventloop_lag_max_seconds: lag('greatest'),
  nodejs_eventloop_lag_mean_seconds: lag('mean'),
  nodejs_eventloop_lag_stddev_seconds: lag('standard deviation'),
  nodejs_eventloop_lag_p50_seconds: lag('50th percentile'),
  nodejs_eventloop_lag_p90_seconds: lag('90th percentile'),
  nodejs_eventloop_lag_p99_seconds: lag('99th percentile'),
  g6_build_info: gauge('Always 1; the labels say which version runs on which Node.', {
    labels: { version: { atMost: 1 }, node: { atMost: 1 } },
  }),
} as const
