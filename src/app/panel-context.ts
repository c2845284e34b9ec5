// What panels are built with, from the settings: the same objects until the settings change, so that the panels of an unchanged
// snapshot need not be built again.
import type { Disorder } from '../config/load.js'
import type { Config } from '../config/settings.js'
import type { StaleLimits } from '../engine/source-state.js'
import type { Listening } from '../http/listeners.js'
import type { PanelLinks, TimelessContext } from '../panels/definition.js'
import { staleAfter, type Thresholds, type ThresholdsResult, thresholdsFrom } from '../panels/thresholds.js'
import type { Snapshot } from '../snapshot/snapshot.js'

type ThresholdConfig = Pick<
  Config,
  | 'dqWarnThreshold'
  | 'dqErrorThreshold'
  | 'memoryLevel1Mb'
  | 'memoryLevel2Mb'
  | 'memoryLevel3Mb'
  | 'providerLatWarnMs'
  | 'providerLatErrMs'
  | 'summaryBackoffBadgeMs'
  | 'summaryThreshOverrides'
>

function judged(
  config: ThresholdConfig,
  overrides: Config['summaryThreshOverrides'] = config.summaryThreshOverrides,
): ThresholdsResult {
  return thresholdsFrom({
    dqWarn: config.dqWarnThreshold,
    dqError: config.dqErrorThreshold,
    memoryLevel1Mb: config.memoryLevel1Mb,
    memoryLevel2Mb: config.memoryLevel2Mb,
    memoryLevel3Mb: config.memoryLevel3Mb,
    providerLatWarnMs: config.providerLatWarnMs,
    providerLatErrMs: config.providerLatErrMs,
    backoffBadgeMs: config.summaryBackoffBadgeMs,
    overrides,
  })
}

const OVERRIDES = 'G6_SUMMARY_THRESH_OVERRIDES'

/** What is wrong with the overrides; nothing where other settings are wrong: the errors about these have their own names. */
export function thresholdDisorders(config: ThresholdConfig): readonly Disorder[] {
  const made = judged(config)
  if (made.ok || !judged(config, {}).ok) return []
  return [
    { names: [OVERRIDES], finding: { name: OVERRIDES, message: `${OVERRIDES}: ${made.errors.join('; ')}` } },
  ]
}

/** Throws with every problem named; settings are refused before they get here (`loadSettings`). */
export function thresholdsOf(config: ThresholdConfig): Thresholds {
  const made = judged(config)
  if (!made.ok) throw new Error(`${OVERRIDES}: ${made.errors.join('; ')}`)
  return made.thresholds
}

/** Where people reach the port of all routes: as the settings say, else as it listens. Null when it is not open. */
export function unifiedUrl(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  listening: readonly Listening[],
): string | null {
  const open = listening.find(({ name }) => name === 'unified')
  return open === undefined ? null : (publicUrl ?? open.url)
}

/** What the links panel shows; a program that serves nothing has no addresses of its own. */
export function linksOf(
  { metricsUrl, publicUrl }: Pick<Config, 'metricsUrl' | 'publicUrl'>,
  sourceName: string,
  listening: readonly Listening[] = [],
  hasPage = false,
): PanelLinks {
  const url = unifiedUrl({ publicUrl }, listening)
  // A unix socket has no URL that a browser could open.
  const base = url?.startsWith('http') ? url : null
  const own = (path: string) => (base === null ? null : `${base}${path}`)
  return {
    source: sourceName,
    metricsUrl: metricsUrl ?? own('/metrics'),
    streamUrl: own('/summary/events'),
    pageUrl: hasPage ? own('/') : null,
  }
}

export type PanelSurroundings = Omit<TimelessContext, 'snapshot'>

export function surroundingsOf(
  config: ThresholdConfig & Pick<Config, 'timezone' | 'sourceTimezone' | 'staleness'>,
  links: PanelLinks,
): PanelSurroundings {
  const { timezone, sourceTimezone: sourceZone, staleness } = config
  return { thresholds: thresholdsOf(config), timezone, sourceZone, links, staleness }
}

/** When the source of this snapshot is old, and when its prices are stuck. */
export function staleLimitsOf(
  { thresholds, staleness }: Pick<PanelSurroundings, 'thresholds' | 'staleness'>,
  snapshot: Pick<Snapshot, 'cycle'> | null,
  everySec: number | null = null,
): StaleLimits {
  const intervalSec = Math.max(snapshot?.cycle.intervalSec ?? 0, everySec ?? 0)
  const { warnSec, errorSec } = staleAfter(thresholds, intervalSec)
  const limits = { warnSec, errorSec, unchangedSec: thresholds['prices.unchanged_sec'] }
  return staleness === undefined ? limits : { ...limits, staleness }
}
