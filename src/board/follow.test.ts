import { describe, expect, test } from 'vitest'
import { type Board, changedSince, emptyBoard, nextBoard } from './board.js'
import { followBoard, type SeenBoard } from './follow.js'

const panel = (key: string, ...lines: string[]) => ({
  key,
  title: key,
  tone: 'ok' as const,
  blocks: [],
  lines,
})
const seenOf = ({ epoch, generation, cycle, builtAtMs, panels, verdict }: Board): SeenBoard => ({
  verdict,
  epoch,
  generation,
  cycle,
  ts: builtAtMs,
  panels: [...panels.values()].map(({ since: _, ...rest }) => rest),
})
const sees = (board: Board) => ({
  at: [board.epoch, board.generation, board.cycle],
  panels: [...board.panels.values()].map(({ key, hash }) => [key, hash]),
})

describe('a followed board', () => {
  const one = nextBoard(emptyBoard('e1'), [panel('a', '1'), panel('b', '1')], 1, 10)
  const two = nextBoard(one, [panel('a', '2'), panel('b', '1')], 2, 20)
  const three = nextBoard(two, [panel('a', '2'), panel('c', '1')], 3, 30)

  test('is the other server’s, generation for generation', () => {
    let ours = emptyBoard('')
    for (const theirs of [one, two, three]) {
      ours = followBoard(ours, seenOf(theirs))
      expect(sees(ours)).toEqual(sees(theirs))
      for (let position = 1; position <= theirs.generation; position++) {
        const gets = (board: Board) => {
          const { changed, removed } = changedSince(board, position)
          return { changed: changed.map(each => each.key), removed }
        }
        if (position >= one.generation) expect(gets(ours)).toEqual(gets(theirs))
      }
    }
  })

  test('knows the lines before a change, as structured updates need them', () => {
    const ours = followBoard(followBoard(emptyBoard(''), seenOf(one)), seenOf(two))
    expect(ours.changed).toEqual(['a'])
    expect(ours.before.get('a')?.lines).toEqual(['1'])
  })

  test('counts what came in one step, and what came before it, as changed then: rather twice than not at all', () => {
    const late = followBoard(emptyBoard(''), seenOf(two))
    expect(changedSince(late, 1).changed.map(each => each.key)).toEqual(['a', 'b'])
    const jumped = followBoard(followBoard(emptyBoard(''), seenOf(one)), seenOf(three))
    expect(jumped.generation).toBe(3)
    expect(changedSince(jumped, 2)).toMatchObject({ changed: [{ key: 'a' }, { key: 'c' }], removed: ['b'] })
  })

  test('takes other facts of a panel that looks the same, and none where they say the same', () => {
    const withFacts = (board: Board, ltp: number) => ({
      ...seenOf(board),
      panels: seenOf(board).panels.map(each => ({ ...each, facts: { ltp } })),
    })
    const ours = followBoard(emptyBoard(''), withFacts(one, 1))
    expect(followBoard(ours, withFacts(two, 1)).changed).toEqual(['a'])
    const other = followBoard(ours, withFacts(two, 2))
    expect(other.changed).toEqual(['a', 'b'])
    expect(other.panels.get('b')).toMatchObject({ facts: { ltp: 2 }, since: 2 })
  })

  test('moves its cycle with the other’s, and is otherwise the same object for object', () => {
    const ours = followBoard(emptyBoard(''), seenOf(one))
    const later = followBoard(ours, { ...seenOf(one), cycle: 9, ts: 90 })
    expect(later).toMatchObject({ cycle: 9, builtAtMs: 90, changed: [], removed: [] })
    expect(later.panels).toBe(ours.panels)
  })

  test('never goes back within an epoch, and begins again with another', () => {
    const ours = followBoard(followBoard(emptyBoard(''), seenOf(one)), seenOf(three))
    expect(followBoard(ours, seenOf(two))).toMatchObject({ generation: 3, changed: [] })
    const restarted = followBoard(ours, { ...seenOf(one), epoch: 'e2' })
    expect(restarted).toMatchObject({ epoch: 'e2', generation: 1, changed: ['a', 'b'] })
    expect(restarted.tombstones.size).toBe(0)
  })
})
