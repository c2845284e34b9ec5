import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { type Board, changedSince, emptyBoard, withVerdict } from '../board/board.js'
import { FLEET_PROTO, type FleetSource, headText, panelText } from './board-text.js'
import { follow, mergePulled, NOTHING_SHOWN, type Seen, type Shown, showing } from './follow.js'
import type { Lease } from './lease.js'
import { Puller } from './puller.js'
import type { Pulled } from './scripts/pull.js'

const SOURCE: FleetSource = { state: 'fresh', error: null, age_sec: 1, changed_ago_sec: 1, too_old: false }

/** What Redis gives for a position when this board is in it. */
function pulledFrom(board: Board, at: Board | null, changes: object = {}): NonNullable<Pulled['board']> {
  const since = at?.epoch === board.epoch ? at.generation : 0
  const panels = [...board.panels.values()].filter(panel => panel.since > since).map(panelText)
  return {
    epoch: board.epoch,
    generation: board.generation,
    term: 1,
    revision: 1,
    text: JSON.stringify({ ...(JSON.parse(headText(board, SOURCE)) as object), ...changes }),
    panels: new Map(panels.map(({ key, json }) => [key, json])),
  }
}

function merged(held: Board, pulled: NonNullable<Pulled['board']>): Board {
  const result = mergePulled(held, pulled)
  if (!result.ok) throw new Error(result.why)
  return result.board
}

const contentOf = ({ panels, tombstones, verdict, epoch, generation, cycle, builtAtMs }: Board) => ({
  at: [epoch, generation, cycle, builtAtMs],
  panels: [...panels.values()],
  tombstones: [...tombstones],
  verdict,
})

describe('the followed board', () => {
  test('answers every returning reader as the publisher would, however often and late it was pulled', () => {
    const cycle = fc.uniqueArray(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), line: fc.constantFrom('1', '2') }),
      { selector: ({ key }) => key },
    )
    const run = fc.record({ cycle, pulls: fc.boolean() })
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 15 }), steps => {
        const next = boardMaker('e1')
        let held = emptyBoard('')
        let theirs = emptyBoard('e1')
        for (const { cycle, pulls } of steps) {
          theirs = next(...cycle.map(({ key, line }) => textPanel(key, line)))
          if (pulls) held = merged(held, pulledFrom(theirs, held))
        }
        held = merged(held, pulledFrom(theirs, held))
        expect(contentOf(held)).toEqual(contentOf(theirs))
        for (let position = 0; position <= theirs.generation; position++)
          expect(changedSince(held, position)).toEqual(changedSince(theirs, position))
      }),
    )
  })

  test('says what changed since what it showed, and what that looked like', () => {
    const next = boardMaker('e1')
    const one = next(textPanel('a', '1'), textPanel('b', '1'))
    const held = merged(emptyBoard(''), pulledFrom(one, null))
    const two = next(textPanel('a', '2'))
    const board = merged(held, pulledFrom(two, held))
    expect([board.changed, board.removed, board.before.get('a')?.lines]).toEqual([['a'], ['b'], ['1']])
    expect(board.panels.get('a')?.facts).toBeUndefined()
    const again = merged(board, pulledFrom(two, null))
    expect(again.panels.get('a')).toBe(board.panels.get('a'))
  })

  test('takes another verdict without a change of panels, and facts as they came', () => {
    const one = boardMaker('e1')({ ...textPanel('a', '1'), facts: { count: 1, rows: [{ name: 'x' }] } })
    const held = merged(emptyBoard(''), pulledFrom(one, null))
    expect(held.panels.get('a')?.facts).toEqual({ count: 1, rows: [{ name: 'x' }] })
    const verdict = { word: 'failing', reasons: ['a is down'], since: 5 } as const
    const board = merged(held, pulledFrom(withVerdict(one, verdict), held))
    expect([board.verdict, board.changed, board.generation]).toEqual([verdict, [], 1])
  })

  test('asks for all panels when what was pulled does not fit', () => {
    const next = boardMaker('e1')
    const held = merged(emptyBoard(''), pulledFrom(next(textPanel('a', '1')), null))
    const pulled = pulledFrom(next(textPanel('a', '1'), textPanel('b', '1')), held)
    expect(mergePulled(held, { ...pulled, panels: new Map() })).toEqual({ ok: false, why: 'whole' })
    // Another board is shown since the pull began: the own one, while Redis was away.
    expect(mergePulled(emptyBoard('x'), { ...pulled, panels: new Map() })).toEqual({
      ok: false,
      why: 'whole',
    })
  })

  test('does not show what is no board, has a wrong hash, or changes a generation that is shown', () => {
    const one = boardMaker('e1')(textPanel('a', '1'))
    const pulled = pulledFrom(one, null)
    const held = merged(emptyBoard(''), pulled)
    const other = panelText({ ...textPanel('a', 'forged'), hash: 'f'.repeat(64), since: 1 }).json
    const right = pulledFrom(boardMaker('e1')(textPanel('a', 'other')), null)
    for (const wrong of [
      { ...pulled, text: 'nothing' },
      { ...pulled, text: '{}' },
      { ...pulled, text: JSON.stringify({ proto: FLEET_PROTO, cycle: 'one' }) },
      { ...pulled, panels: new Map([['a', other]]) },
      { ...pulled, panels: new Map([['a', '{']]) },
      { ...pulled, generation: 0 },
    ])
      expect(mergePulled(emptyBoard(''), wrong)).toEqual({ ok: false, why: 'corrupt' })
    expect(mergePulled(held, { ...right, panels: new Map(right.panels) })).toEqual({
      ok: false,
      why: 'corrupt',
    })
  })

  test('says that it cannot read a later version, and reads one that knows more', () => {
    const one = boardMaker('e1')(textPanel('a', '1'))
    const later = pulledFrom(one, null, { proto: FLEET_PROTO + 1 })
    expect(mergePulled(emptyBoard(''), later)).toEqual({ ok: false, why: 'unreadable' })
    expect(merged(emptyBoard(''), pulledFrom(one, null, { more: true })).generation).toBe(1)
  })
})

describe('which board is followed', () => {
  const lease = (term: number): Lease => ({ term, node: 'p', text: `${term}:p` })
  const at = (epoch: string, generation: number, term: number, revision = generation): Shown => ({
    ...NOTHING_SHOWN,
    board: { ...emptyBoard(epoch), generation },
    term,
    revision,
    life: 'l1',
  })
  const seen = (
    epoch: string,
    generation: number,
    term: number,
    more: Partial<Seen> & { revision?: number } = {},
  ): Seen => ({
    lease: lease(term),
    life: 'l1',
    ...more,
    head: { epoch, generation, term, revision: more.revision ?? generation },
  })
  const takes = (shown: Shown, what: Seen) => follow(shown, what, 0).take

  test.each([
    ['the first it sees', NOTHING_SHOWN, seen('e1', 1, 5), true],
    ['a later generation of its epoch', at('e1', 3, 5), seen('e1', 4, 5), true],
    ['another verdict of the same generation', at('e1', 3, 5, 7), seen('e1', 3, 5, { revision: 8 }), true],
    ['the same again', at('e1', 3, 5), seen('e1', 3, 5), false],
    ['an earlier generation, never', at('e1', 3, 5), seen('e1', 2, 6, { revision: 9, life: 'l2' }), false],
    ['a later term of its epoch', at('e1', 3, 5), seen('e1', 4, 6), true],
    ['another epoch of a higher term', at('e1', 3, 5), seen('e2', 1, 6), true],
    ['another epoch of a lower term, not at once', at('e1', 3, 5), seen('e2', 9, 4), false],
    ['a lower term after Redis forgot everything', at('e1', 3, 5), seen('e2', 9, 4, { life: 'l2' }), true],
    ['nothing without a lease', at('e1', 3, 5), seen('e1', 4, 5, { lease: null }), false],
    ['nothing of a term that has ended', at('e1', 3, 5), seen('e2', 4, 6, { lease: lease(7) }), false],
  ])('%s', (_, shown, what, take) => {
    expect(takes(shown, what)).toBe(take)
  })

  test('a lower term that stays for 10 s, and no other meanwhile', () => {
    let shown = at('e1', 3, 5)
    const look = (what: Seen, nowMs: number) => {
      const found = follow(shown, what, nowMs)
      shown = found.shown
      return found.take
    }
    expect(look(seen('e2', 1, 3), 0)).toBe(false)
    expect(look(seen('e3', 1, 4), 9_000)).toBe(false)
    expect(look(seen('e3', 1, 4), 18_000)).toBe(false)
    expect(look(seen('e3', 2, 4), 19_000)).toBe(true)
  })
})

test('an epoch that comes again is never shown at an earlier generation, and what is remembered is bounded', () => {
  const board = (epoch: string, generation: number): Board => ({ ...emptyBoard(epoch), generation })
  const show = (shown: Shown, epoch: string, generation: number, term: number) =>
    showing(shown, { board: board(epoch, generation), term, revision: 1, life: 'l1' })
  const shown = show(show(NOTHING_SHOWN, 'a', 20, 5), 'b', 1, 0)
  const seen = (generation: number): Seen => ({
    lease: { term: 5, node: 'p', text: '5:p' },
    head: { epoch: 'a', generation, term: 5, revision: 9 },
    life: 'l2',
  })
  expect([follow(shown, seen(19), 0).take, follow(shown, seen(20), 0).take]).toEqual([false, true])
  let many = shown
  for (let i = 0; i < 100; i++) many = show(many, `e${i}`, 1, i)
  expect(many.past.size).toBe(32)
  expect(show(many, 'e98', 2, 200).past.has('e98')).toBe(false)
})

test('pulls run one at a time, and a request meanwhile gets one that began after it', async () => {
  const begun: (() => void)[] = []
  const puller = new Puller(() => new Promise<void>(resolve => begun.push(resolve)))
  const ended: string[] = []
  const first = puller.request().then(() => ended.push('first'))
  const second = puller.request().then(() => ended.push('second'))
  const third = puller.request().then(() => ended.push('third'))
  expect(begun).toHaveLength(1)
  begun[0]?.()
  await first
  expect([begun.length, ended]).toEqual([2, ['first']])
  begun[1]?.()
  await Promise.all([second, third])
  expect(begun).toHaveLength(2)
  void puller.request()
  expect(begun).toHaveLength(3)
})
