import { describe, expect, test } from 'vitest'
import { fixture, NOW_MS, resultOf, resultOfStatus } from '../../../../test/terminal/support/scenes.js'
import type { CycleResult, StatusState } from '../../../engine/cycle.js'
import { startView, type View } from '../keys/view.js'
import { bottomBar, type TopBarFacts, topBar } from './bars.js'
import { lineText, lineWidth } from './run.js'

function top(more: Partial<TopBarFacts> = {}, width = 160): string {
  const facts: TopBarFacts = {
    live: resultOfStatus(fixture('full')),
    nowMs: NOW_MS,
    timezone: 'Asia/Kolkata',
    sourceName: 'data/runtime_status.json',
    clients: 3,
    needFull: null,
    paused: false,
    behind: 0,
    ...more,
  }
  return lineText(topBar(facts, width))
}

function standing(state: StatusState, ageSec: number | null, tooOld = false): { live: CycleResult } {
  const changedAtMs = ageSec === null ? null : NOW_MS - ageSec * 1000
  return { live: resultOf([], { source: { state, ageSec, changedAtMs, error: null, tooOld } }) }
}

describe('the top bar', () => {
  test('shows name, environment, market, source, freshness, clients and the local time', () => {
    const bar = top()
    for (const word of [
      'G6',
      '1.4.2',
      'prod',
      'market open',
      'data/runtime_status.json',
      '● fresh',
      '3 clients',
    ])
      expect(bar).toContain(word)
    expect(bar.trimEnd().endsWith('14:03:22')).toBe(true)
  })

  test('shows the state of the source, with the age of the shown status now', () => {
    expect(top(standing('fresh', 1))).toContain('● fresh ')
    expect(top(standing('stale', 12))).toContain('● stale 12s !')
    expect(top({ ...standing('stale', 12), nowMs: NOW_MS + 30_000 })).toContain('● stale 42s !')
    expect(top(standing('stale', 600, true))).toContain('● stale 10m ✖')
    expect(top(standing('missing', null))).toContain('● missing ✖')
    expect(top(standing('not_json', 7))).toContain('● not_json 7s ✖')
    expect(top(standing('starting', null))).toContain('● starting ')
  })

  test('shows in a closed market when the last document was written, without a warning', () => {
    const bar = top(standing('closed', 57_600))
    expect(bar).toContain('● closed, last 22:03 on 19 Nov ')
  })

  test('begins with the verdict and its reason, on the narrowest screen too', () => {
    const verdict = { word: 'attention', reasons: ['prices unchanged since 10:02', 'cpu_pct: 75.0'] } as const
    const result = resultOfStatus(fixture('full'))
    const live = { ...result, board: { ...result.board, verdict } }
    for (const width of [80, 160]) {
      expect(top({ live }, width)).toMatch(/^ ! attention {2}prices unchanged since 10:02 \+1/)
    }
    const calm = { ...result, board: { ...result.board, verdict: { word: 'healthy', reasons: [] } as const } }
    expect(top({ live: calm })).toMatch(/^ healthy {2}G6/)
    const unknown = { word: 'unknown', reasons: ['nothing recognised'] } as const
    expect(top({ live: { ...result, board: { ...result.board, verdict: unknown } } }, 80)).toMatch(
      /^ unknown {2}nothing recognised/,
    )
  })

  test('shows how far behind a paused screen is', () => {
    expect(top({ paused: true, behind: 0 })).toContain(' paused ')
    expect(top({ paused: true, behind: 1 })).toContain('paused, 1 update behind')
    expect(top({ paused: true, behind: 12 })).toContain('paused, 12 updates behind')
  })

  test('has a badge while a source waits for a full status', () => {
    expect(top({ needFull: 'generation mismatch' })).toContain(' NEED FULL  generation mismatch')
    expect(top()).not.toContain('NEED FULL')
  })

  test('drops whole items when it is narrow, freshness and pause last', () => {
    const narrow = top({ paused: true, behind: 12 }, 44)
    expect(narrow).toContain('paused, 12 updates behind')
    expect(narrow).toContain('● fresh')
    expect(narrow).not.toContain('…')
  })

  test('shows no clients where there is no server', () => {
    expect(top({ clients: null })).not.toContain('client')
  })

  test('has the width of the screen, always', () => {
    const facts = { sourceName: '日本語'.repeat(40), needFull: 'x'.repeat(500) }
    for (let width = 40; width <= 400; width += 7) {
      const line = topBar(
        {
          live: null,
          nowMs: NOW_MS,
          timezone: 'UTC',
          clients: 1,
          paused: true,
          behind: 99_999_999,
          ...facts,
        },
        width,
      )
      expect(lineWidth(line)).toBe(width)
    }
  })
})

describe('the bottom bar', () => {
  const bottom = (more: Partial<View> = {}, notice: string | null = null, width = 160): string =>
    lineText(bottomBar({ live: resultOf([]), view: { ...startView('dark'), ...more }, notice }, width))

  test('shows the keys, and cycle, hit ratio and churn', () => {
    const bar = bottom()
    for (const word of ['? help', 'q quit', 'p pause', '/ filter', 'cycle 1', 'hit 98%', 'churn 11%'])
      expect(bar).toContain(word)
  })

  test('shows the churn of the last changes, also while nothing changes, and 0 after a long time without', () => {
    const result = resultOf([])
    const churn = (changeRatio5m: number | null): string => {
      const live = { ...result, stats: { ...result.stats, churnRatio: 0, changeRatio5m } }
      return lineText(bottomBar({ live, view: startView('dark'), notice: null }, 160))
    }
    expect(churn(2 / 3)).toContain('churn 67%')
    expect(churn(null)).toContain('churn 0%')
  })

  test('shows the text being typed, then the active filter', () => {
    expect(bottom({ typing: true, filter: 'nif' })).toContain('/nif▏')
    expect(bottom({ filter: 'nif' })).toContain('filter: nif')
  })

  test('shows a notice', () => {
    expect(bottom({}, 'the text is in x.txt')).toContain('the text is in x.txt')
  })

  test('keeps the help when there is room for little', () => {
    expect(bottom({}, null, 40)).toContain('? help')
  })
})
