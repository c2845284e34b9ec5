import { expect, test } from 'vitest'
import type { ClientBoard } from '../../client/index.js'
import { boardDocument, fileName, panelText } from './texts.js'

const panel = { key: 'cycle', title: 'Cycle', tone: 'ok', lines: ['cycle: 7', 'p95: 9ms'], hash: 'abc' }
const board: ClientBoard = {
  epoch: 'e1',
  generation: 7,
  cycle: 9,
  ts: 1000,
  panels: new Map([
    ['cycle', { ...panel, blocks: [{ kind: 'text', text: 'x' }] }],
    ['links', { ...panel, key: 'links', truncated: true as const }],
  ]),
}

test('a panel is copied as plain text', () => {
  expect(panelText(panel)).toBe('[Cycle]\ncycle: 7\np95: 9ms\n')
})

test('a board is downloaded as the document of a resync, its panels in order', () => {
  expect(JSON.parse(boardDocument(board))).toEqual({
    schema_version: 'v1',
    epoch: 'e1',
    generation: 7,
    cycle: 9,
    ts: 1000,
    panels: {
      cycle: {
        title: 'Cycle',
        tone: 'ok',
        lines: ['cycle: 7', 'p95: 9ms'],
        hash: 'abc',
        blocks: [{ kind: 'text', text: 'x' }],
      },
      links: { title: 'Cycle', tone: 'ok', lines: ['cycle: 7', 'p95: 9ms'], hash: 'abc', truncated: true },
    },
  })
  expect(Object.keys(JSON.parse(boardDocument(board)).panels)).toEqual(['cycle', 'links'])
})

test('the file’s name has epoch and generation, and is valid on every system', () => {
  expect(fileName(board)).toBe('g6-board-e1-7.json')
  expect(fileName({ epoch: '../a b:c', generation: 1 })).toBe('g6-board-.._a_b_c-1.json')
})
