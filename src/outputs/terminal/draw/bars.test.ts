import { describe, expect, test } from 'vitest'
import { fixture, NOW_MS, resultOfStatus } from '../../../../test/terminal/support/scenes.js'
import type { CycleResult, StatusState } from '../../../engine/cycle.js'
import { sourceRemarks } from '../../../engine/source-words.js'
import type { Verdict } from '../../../protocol/events.js'
import { startView, type View } from '../keys/view.js'
import { type BottomBarFacts, bottomBar, type TopBarFacts, topBar } from './bars.js'
import { lineText, lineWidth } from './run.js'

const ZONE = 'Asia/Kolkata'
const FULL = resultOfStatus(fixture('full'))

function lines(more: Partial<TopBarFacts> = {}, width = 160) {
  return topBar(
    { live: FULL, nowMs: NOW_MS, timezone: ZONE, needFull: null, paused: false, behind: 0, ...more },
    width,
  )
}
const top = (more: Partial<TopBarFacts> = {}, width = 160): string[] =>
  lines(more, width).map(line => lineText(line).trimEnd())

/** A verdict with the moment since when it holds. */
function judged(
  word: Verdict['word'],
  reasons: readonly string[],
  sinceMs?: number,
  from = FULL,
): CycleResult {
  const verdict = { word, reasons: [...reasons], ...(sinceMs !== undefined && { since: sinceMs }) }
  return { ...from, board: { ...from.board, verdict } }
}

function standing(state: StatusState, ageSec: number, word: Verdict['word']): CycleResult {
  const source = { state, ageSec, changedAtMs: NOW_MS - ageSec * 1000, error: null, tooOld: false }
  const result = resultOfStatus(fixture('full'), { source })
  return judged(
    word,
    sourceRemarks(source, ZONE).map(({ text }) => text),
    undefined,
    result,
  )
}

describe('the top bar', () => {
  test('is one line when all is well: the verdict, since when, market, source, and the clock with its zone', () => {
    const [line, ...others] = top({ live: judged('healthy', [], NOW_MS - 36 * 60_000) }, 120)
    expect(others).toEqual([])
    expect(line).toMatch(
      /^ ● Healthy {2}nothing needs a look, since 13:27:22, 36 min {2,}market open · source 1 s ago · live · 14:03:22 IST$/,
    )
  })

  test('says first how it is and why, then since when and what else', () => {
    const live = judged(
      'failing',
      ['Provider is down: sign-in has expired', 'cpu 91 %', 'queue 35', 'lag 3 s'],
      NOW_MS - 147_000,
    )
    const [first, second] = top({ live }, 80)
    expect(first).toMatch(/^ ■ FAILING {2}Provider is down: sign-in has expired {2,}14:03:22 IST$/)
    expect(second).toMatch(/^ since 14:00:55, 2 min 27 s · also cpu 91 %, queue 35, 1 more/)
    // A wide screen has the facts next to the cause.
    expect(top({ live }, 160)[0]).toMatch(
      /^ ■ FAILING {2}Provider is down: sign-in has expired {2,}market open .* 14:03:22 IST$/,
    )
  })

  test('has the word of a verdict that is not well on its colour, and nothing else', () => {
    const roles = (live: CycleResult): string[] =>
      lines({ live, paused: true, needFull: 'gap' })
        .flat()
        .map(({ role }) => role)
    const solid = (live: CycleResult): string[] =>
      roles(live).filter(role => role === 'failing' || role === 'attention')
    expect(solid(judged('failing', ['x']))).toEqual(['failing'])
    expect(solid(judged('attention', ['x']))).toEqual(['attention'])
    expect(solid(judged('unknown', ['x']))).toEqual([])
    expect(solid(judged('healthy', []))).toEqual([])
    expect(top({ live: judged('unknown', ['nothing here says how it is']) })[0]).toMatch(
      /^ ○ Unknown nothing here says how it is/,
    )
  })

  test('says how long a source has been silent, and that nothing is judged', () => {
    const [first, second] = top({ live: standing('stale', 207, 'attention') }, 80)
    expect(first).toMatch(/^ ▲ ATTENTION {2}The source has not been written for 3 min 27 s {2,}14:03:22 IST$/)
    expect(second).toMatch(/^ as of 13:59:55, no longer judged {2,}.*expected every 60 s · read ok$/)
  })

  test('has the day of a time that is not today', () => {
    const [, second] = top({ live: judged('failing', ['x'], NOW_MS - 86_400_000) }, 80)
    expect(second).toMatch(/^ since 30 Jan 14:03:22, 1 d/)
  })

  test('shows the state of a source that is not the cause', () => {
    const live = judged('failing', ['Provider: down'], undefined, standing('not_json', 7, 'failing'))
    expect(top({ live }).join()).toContain('source ■ not JSON 7 s')
  })

  test('shows how far behind a paused screen is, and why a source waits for a full status', () => {
    const healthy = judged('healthy', [])
    expect(top({ live: healthy, paused: true, behind: 0 })[0]).toMatch(/^ ● Healthy {2}paused {2,}/)
    expect(top({ live: healthy, paused: true, behind: 1 })[0]).toContain('paused, 1 update behind')
    expect(top({ live: judged('failing', ['x']), paused: true, behind: 12 })[1]).toContain(
      'paused, 12 updates behind',
    )
    expect(top({ needFull: 'generation mismatch' }).join()).toContain('NEED FULL generation mismatch')
    expect(top().join()).not.toContain('NEED FULL')
  })

  test('drops whole facts when it is narrow; verdict, clock and pause stay', () => {
    const [first, second] = top({ live: judged('failing', ['Provider: down']), paused: true, behind: 12 }, 44)
    expect(first).toMatch(/^ ■ FAILING {2}Provider: down +14:03:22 IST$/)
    expect(second).toMatch(/^ paused, 12 updates behind/)
    expect(second).not.toContain('…')
  })

  test('has the width of the screen, always', () => {
    const longest = judged('failing', ['日本語'.repeat(40), 'y'.repeat(90)], NOW_MS - 1_000)
    for (const live of [null, FULL, longest, judged('healthy', [])]) {
      for (let width = 40; width <= 400; width += 7) {
        for (const line of lines(
          { live, paused: true, behind: 99_999_999, needFull: 'x'.repeat(500) },
          width,
        ))
          expect(lineWidth(line)).toBe(width)
      }
    }
  })
})

describe('the bottom bar', () => {
  const bottom = (more: Partial<View> = {}, rest: Partial<BottomBarFacts> = {}, width = 200): string =>
    lineText(
      bottomBar(
        {
          live: FULL,
          view: { ...startView('dark'), ...more },
          notice: null,
          sourceName: 'data/runtime_status.json',
          clients: 3,
          ...rest,
        },
        width,
      ),
    )

  test('shows the keys, the source, the program and what this one counts', () => {
    const bar = bottom()
    for (const word of [
      '? help',
      'q quit',
      'p pause',
      '/ filter',
      'data/runtime_status.json',
      'G6 1.4.2 prod',
    ])
      expect(bar).toContain(word)
    expect(bar.trimEnd()).toMatch(/ · board 1 · same 98 % · changed 11 % · 3 readers$/)
    expect(bar).not.toContain('cycle')
  })

  test('shows the title of a declared board instead of the program', () => {
    const bar = bottom({}, { boardTitle: 'Search cluster' })
    expect(bar).toContain('Search')
    expect(bar).not.toContain('G6 1.4.2')
  })

  test('shows no readers where there is no server', () => {
    expect(bottom({}, { clients: null })).not.toContain('reader')
    expect(bottom({}, { clients: 1 })).toContain('1 reader')
  })

  test('shows the text being typed, then the active filter', () => {
    expect(bottom({ typing: true, filter: 'nif' })).toContain('/nif▏')
    expect(bottom({ filter: 'nif' })).toContain('filter: nif')
  })

  test('shows a notice', () => {
    expect(bottom({}, { notice: 'the text is in x.txt' })).toContain('the text is in x.txt')
  })

  test('keeps the help when there is room for little', () => {
    expect(bottom({}, {}, 40)).toContain('? help')
  })
})
