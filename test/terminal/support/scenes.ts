// Scenes for the painter: results around panels, with ordinary values for the rest.
import { readFileSync } from 'node:fs'
import { type Board, emptyBoard, nextBoard } from '../../../src/board/board.js'
import type { CycleResult } from '../../../src/engine/cycle.js'
import { createPanelBuilder } from '../../../src/engine/panel-builder.js'
import type { Scene } from '../../../src/outputs/terminal/draw/scene.js'
import { NO_TRENDS } from '../../../src/outputs/terminal/draw/trends.js'
import { startView } from '../../../src/outputs/terminal/keys/view.js'
import type { TerminalSettings } from '../../../src/outputs/terminal/settings.js'
import type { Panel } from '../../../src/panels/panel.js'
import { DEFAULT_THRESHOLDS } from '../../../src/panels/thresholds.js'
import { derive } from '../../../src/snapshot/derive.js'
import type { Status } from '../../../src/snapshot/reading.js'

/** 2025-01-31 14:03:22 in Kolkata. */
export const NOW_MS = Date.UTC(2025, 0, 31, 8, 33, 22)

export const SETTINGS: TerminalSettings = {
  timezone: 'Asia/Kolkata',
  clip: 60,
  minColumnWidth: null,
  widths: {},
  heights: {},
  autoFit: true,
  numberFormat: 'plain',
  curated: false,
  hideEmptyBlocks: false,
  showNeedFull: true,
  altScreen: true,
}

export function fixture(name: 'nested' | 'flat' | 'full'): Status {
  const path = new URL(`../../fixtures/status-${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as Status
}

export function panelsOf(status: Status): readonly Panel[] {
  return createPanelBuilder().build({
    snapshot: derive(status),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: SETTINGS.timezone,
    links: {
      source: 'data/runtime_status.json',
      metricsUrl: 'http://127.0.0.1:9329/metrics',
      streamUrl: 'http://127.0.0.1:9329/summary/events',
      pageUrl: 'http://127.0.0.1:9329/',
    },
    nowMs: NOW_MS,
  })
}

const STATS: CycleResult['stats'] = {
  cycles: 12,
  unchangedCycles: 3,
  missedTicks: 0,
  hitRatio: 0.984,
  hitRatio5m: 0.98,
  changeRatio5m: 0.11,
  intervals: 90,
  totalPanelUpdates: 9,
  lastCycleUpdates: 1,
  churnRatio: 0.11,
  highChurnStreak: 0,
  churnAnomalies: 0,
  lastCycleMs: 0.4,
  startedAtMs: NOW_MS - 60_000,
  timing: () => ({}),
}

/** The result whose board shows these panels; `after` makes it the next board of that one. */
export function resultOf(
  panels: readonly Panel[],
  more: Partial<CycleResult> = {},
  after: Board = emptyBoard('e1'),
): CycleResult {
  return {
    board: nextBoard(after, panels, after.cycle + 1, NOW_MS),
    snapshot: null,
    reading: null,
    source: { state: 'fresh', ageSec: 1, changedAtMs: NOW_MS - 1_000, error: null, tooOld: false },
    stats: STATS,
    ...more,
  }
}

export function resultOfStatus(status: Status, more: Partial<CycleResult> = {}, after?: Board): CycleResult {
  return resultOf(panelsOf(status), { snapshot: derive(status), ...more }, after)
}

export function sceneOf(result: CycleResult | null, more: Partial<Scene> = {}): Scene {
  return {
    size: { width: 120, height: 40 },
    nowMs: NOW_MS,
    shownAtMs: NOW_MS,
    view: startView('dark'),
    shown: result,
    live: result,
    behind: 0,
    lastChangeMs: NOW_MS - 4_000,
    notice: null,
    thresholds: DEFAULT_THRESHOLDS,
    sourceName: 'data/runtime_status.json',
    boardTitle: null,
    clients: 3,
    needFull: null,
    trends: NO_TRENDS,
    today: null,
    played: null,
    ...more,
  }
}
