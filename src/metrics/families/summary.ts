// The summary: how panels are built and how much of the board changes.
import { WORK_SEC } from '../buckets.js'
import { counter, gauge, histogram, PANEL_KEYS } from '../declare.js'

/** Numbers of the board that a scrape exports. */
export const MAX_FACTS = 512

export const summaryMetrics = {
  g6_summary_panel_render_seconds: histogram('Building one panel.', WORK_SEC, {
    labels: { panel: PANEL_KEYS },
  }),
  g6_summary_panel_updates_total: counter('Times a panel changed.', { labels: { panel: PANEL_KEYS } }),
  g6_summary_diff_hit_ratio: gauge(
    'Unchanged panels over all panels compared, since start; absent before two boards were compared.',
    {
      absentAtFirst: true,
    },
  ),
  g6_summary_panel_updates_last: gauge('Panels that changed in the last cycle.'),
  g6_summary_panel_churn_ratio: gauge('Changed panels over all panels in the last cycle.'),
  g6_summary_panel_high_churn_streak: gauge('Cycles in a row with churn at or over the warning ratio.'),
  g6_summary_panel_churn_anomalies_total: counter('Cycles with churn at or over the warning ratio.'),
  g6_summary_panel_render_anomalies_total: counter(
    'Panel builds that took longer than mean and 4 standard deviations of the last 100.',
  ),
  g6_summary_rich_diff_fallbacks_total: counter('Full repaints because there was no usable previous frame.'),
  g6_summary_snapshot_build_seconds: histogram('Deriving the snapshot from a status document.', WORK_SEC, {
    aliases: [{ name: 'g6_unified_snapshot_build_seconds' }],
  }),
  g6_summary_sse_subset_build_seconds: histogram('Encoding an update for one kind of reader.', WORK_SEC, {
    aliases: [{ name: 'g6_sse_pub_diff_build_seconds' }, { name: 'g6_sse_serialize_seconds' }],
  }),
  g6_summary_panel_file_updates_last: gauge('Panel files whose content changed with the last board.'),
  g6_summary_panel_file_updates_total: counter('Panel files written.', { labels: { panel: PANEL_KEYS } }),
  g6_fact: gauge(
    'A number of the board by the id of its fact (`indices.NIFTY.ltp`), with `G6_FACT_GAUGES=1`; absent while the source is stale or cannot be read.',
    { labels: { id: { atMost: MAX_FACTS } } },
  ),
  g6_facts_left_out: gauge('Numbers of the board over 512, which g6_fact leaves out.', {
    absentAtFirst: true,
  }),
} as const
