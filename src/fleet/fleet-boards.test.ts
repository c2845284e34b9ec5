import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { withVerdict } from '../board/board.js'
import { type Moment, momentNow } from '../clock/moment.js'
import type { SourceState } from '../engine/cycle.js'
import type { Boards } from '../engine/loop.js'
import type { Verdict } from '../protocol/events.js'
import type { FleetSource } from './board-text.js'
import { FleetBoards } from './fleet-boards.js'

const OWN_SOURCE: SourceState = {
  state: 'missing',
  ageSec: 1,
  changedAtMs: 0,
  error: 'no file',
  tooOld: false,
}
const WELL: Verdict = { word: 'healthy', reasons: [], since: 5 }
const SOURCE: FleetSource = { state: 'fresh', error: null, age_sec: 2, changed_ago_sec: 2, too_old: false }

function rig() {
  let nowMs = 1_000_000
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  let isAdrift = false
  const own: Boards = {
    minGapMs: 0,
    ticksBeforeNews: false,
    phase: 'live',
    snapshot: null,
    reading: null,
    start: () => {},
    next: previous => previous,
    sourceAt: () => OWN_SOURCE,
    verdictOf: () => ({ word: 'healthy', reasons: [] }),
    ingest: () => [],
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const limits = () => ({ warnSec: 60, errorSec: 180 })
  const boards = new FleetBoards({ own, limits, timezone: () => 'UTC', clock, isAdrift: () => isAdrift })
  return {
    boards,
    news: (onNews: () => void) => boards.start(onNews),
    drift: () => {
      isAdrift = true
    },
    later: (seconds: number): Moment => {
      nowMs += seconds * 1_000
      return momentNow(clock)
    },
  }
}

const make = boardMaker('e7')
const empty = boardMaker('own')()
const first = withVerdict(make(textPanel('a', '1')), WELL)
const second = withVerdict(make(textPanel('a', '2')), WELL)

test('before any board it says what the own source says', () => {
  const { boards, later } = rig()
  expect([boards.phase, boards.sourceAt(later(0)), boards.next(empty)]).toEqual([
    'waiting',
    OWN_SOURCE,
    empty,
  ])
})

test('each board is news, and one that was shown before is one without changes', () => {
  const { boards, news } = rig()
  let count = 0
  news(() => count++)
  boards.show(first, SOURCE)
  expect(boards.next(empty)).toBe(first)
  expect(boards.next(first)).toMatchObject({ epoch: 'e7', generation: 1, changed: [] })
  boards.show(second, SOURCE)
  expect(boards.next(first)).toBe(second)
  expect(count).toBe(2)
})

describe('the state of the source', () => {
  test('is the publisher’s, older by the time that it is here', () => {
    const { boards, later } = rig()
    boards.show(first, SOURCE)
    expect(boards.sourceAt(later(10))).toEqual({
      state: 'fresh',
      ageSec: 12,
      changedAtMs: 998_000,
      error: null,
      tooOld: false,
    })
    expect(boards.verdictOf(first, boards.sourceAt(later(0)))).toBe(WELL)
  })

  test('is stale when no publisher writes any more, and the verdict says so', () => {
    const { boards, later } = rig()
    boards.show(first, SOURCE)
    const source = boards.sourceAt(later(61))
    expect(source).toMatchObject({ state: 'stale', tooOld: false })
    expect(boards.verdictOf(first, source).word).toBe('attention')
    expect(boards.sourceAt(later(120)).tooOld).toBe(true)
  })

  test('of a board that is shown because Redis is gone is a fault, and nothing counts as unchanged', () => {
    const { boards, later, drift } = rig()
    boards.show(first, SOURCE)
    drift()
    const source = boards.sourceAt(later(1))
    expect([boards.phase, source.state]).toEqual(['lost', 'io'])
    expect(boards.verdictOf(first, source)).toMatchObject({
      word: 'failing',
      reasons: [expect.stringMatching(/^source io/)],
    })
  })

  test('that a later version has counts as stale', () => {
    const { boards, later } = rig()
    boards.show(first, { ...SOURCE, state: 'paused' })
    expect(boards.sourceAt(later(0)).state).toBe('stale')
  })
})

test('the own board has its own source, and the verdict with the time that it is published with', () => {
  const { boards, later } = rig()
  boards.show(first, null)
  expect(boards.sourceAt(later(1))).toBe(OWN_SOURCE)
  expect(boards.verdictOf(first, OWN_SOURCE)).toBe(WELL)
})
