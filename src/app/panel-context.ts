// What panels are built with, from the settings: the same objects until the settings change, so that the panels of an
// unchanged snapshot need not be built again.
import type { Config } from '../config/settings.js'
import type { PanelLinks, TimelessContext } from '../panels/definition.js'
import { type Thresholds, thresholdsFrom } from '../panels/thresholds.js'

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

/** Throws with every problem named; the settings are checked with it before they are taken. */
export function thresholdsOf(config: ThresholdConfig): Thresholds {
  const made = thresholdsFrom({
    dqWarn: config.dqWarnThreshold,
    dqError: config.dqErrorThreshold,
    memoryLevel1Mb: config.memoryLevel1Mb,
    memoryLevel2Mb: config.memoryLevel2Mb,
    memoryLevel3Mb: config.memoryLevel3Mb,
    providerLatWarnMs: config.providerLatWarnMs,
    providerLatErrMs: config.providerLatErrMs,
    backoffBadgeMs: config.summaryBackoffBadgeMs,
    ...(config.summaryThreshOverrides === null ? {} : { overrides: config.summaryThreshOverrides }),
  })
  if (!made.ok) throw new Error(`G6_SUMMARY_THRESH_OVERRIDES: ${made.errors.join('; ')}`)
  return made.thresholds
}

export type PanelSurroundings = Omit<TimelessContext, 'snapshot'>

export function surroundingsOf(
  config: ThresholdConfig & Pick<Config, 'timezone'>,
  links: PanelLinks,
): PanelSurroundings {
  return { thresholds: thresholdsOf(config), timezone: config.timezone, links }
}
