import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textPanel } from '../../test/support/boards.js'
import { changedSince, emptyBoard, nextBoard } from './board.js'
import { panelHash } from './hash.js'

const first = () => nextBoard(emptyBoard('e1'), [textPanel('a', '1'), textPanel('b', '1')], 1, 1_000)

describe('the next board', () => {
  test('begins with generation 1 and every panel changed', () => {
    const board = first()
    expect(board.generation).toBe(1)
    expect(board.changed).toEqual(['a', 'b'])
  })

  test('keeps generation, hashes and panel objects when nothing looks different', () => {
    const board = first()
    const next = nextBoard(board, [textPanel('a', '1'), textPanel('b', '1')], 2, 2_000)
    expect(next).toMatchObject({ generation: 1, cycle: 2, builtAtMs: 2_000, changed: [], removed: [] })
    expect(next.panels.get('a')).toBe(board.panels.get('a'))
  })

  test('moves on by one and marks only what changed, however many panels did', () => {
    const next = nextBoard(first(), [textPanel('a', '2'), textPanel('b', '1')], 2, 2_000)
    expect(next).toMatchObject({ generation: 2, changed: ['a'] })
    expect(next.panels.get('a')?.since).toBe(2)
    expect(next.panels.get('b')?.since).toBe(1)
    expect(next.before.get('a')?.lines).toEqual(['1'])
  })

  test.each([
    ['title', { title: 'Other' }],
    ['tone', { tone: 'warn' as const }],
    ['lines', { lines: ['1', ''] }],
  ])('sees a change of %s', (_, change) => {
    const board = first()
    const next = nextBoard(board, [{ ...textPanel('a', '1'), ...change }, textPanel('b', '1')], 2, 2_000)
    expect(next.changed).toEqual(['a'])
    expect(next.panels.get('a')?.hash).not.toBe(board.panels.get('a')?.hash)
  })

  test('marks a removed panel, and forgets the mark when it comes back', () => {
    const gone = nextBoard(first(), [textPanel('a', '1')], 2, 2_000)
    expect(gone.removed).toEqual(['b'])
    expect([...gone.tombstones]).toEqual([['b', 2]])
    const back = nextBoard(gone, [textPanel('a', '1'), textPanel('b', '1')], 3, 3_000)
    expect(back.changed).toEqual(['b'])
    expect(back.tombstones.size).toBe(0)
  })
})

test('what changed since a generation brings a copy of that generation up to date, over any history', () => {
  const panels = fc.uniqueArray(
    fc.record({ key: fc.constantFrom('a', 'b', 'c'), line: fc.constantFrom('1', '2') }),
    {
      selector: ({ key }) => key,
    },
  )
  fc.assert(
    fc.property(fc.array(panels, { minLength: 1, maxLength: 12 }), fc.nat(12), (history, from) => {
      let board = emptyBoard('e')
      const boards = [board]
      for (const [i, cycle] of history.entries()) {
        board = nextBoard(
          board,
          cycle.map(({ key, line }) => textPanel(key, line)),
          i + 1,
          i,
        )
        boards.push(board)
      }
      const start = boards[Math.min(from, boards.length - 1)] ?? board
      const copy = new Map([...start.panels].map(([key, panel]) => [key, panel.hash]))
      const { changed, removed } = changedSince(board, start.generation)
      for (const key of removed) copy.delete(key)
      for (const panel of changed) copy.set(panel.key, panel.hash)
      expect(Object.fromEntries(copy)).toEqual(
        Object.fromEntries([...board.panels].map(([key, panel]) => [key, panel.hash])),
      )
    }),
  )
})

test('the hash is SHA-256 over version, key, title, tone and lines, recomputable in any language', () => {
  const panel = { key: 'indices', title: 'Indices', tone: 'warn', lines: ['count: 1', 'NIFTY — 指数'] }
  const text = 'v1\nindices\nIndices\nwarn\ncount: 1\nNIFTY — 指数'
  expect(panelHash(panel)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
})
