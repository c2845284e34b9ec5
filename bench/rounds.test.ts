import { expect, test } from 'vitest'
import { inTurn } from './rounds.js'

test('every round begins with the next server, the first round with ours', () => {
  const servers = ['ours', 'bare', 'nchan'] as const
  expect(inTurn(servers, 1)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn(servers, 2)).toEqual(['bare', 'nchan', 'ours'])
  expect(inTurn(servers, 4)).toEqual(['ours', 'bare', 'nchan'])
  expect(inTurn([], 3)).toEqual([])
})
