import { expect, test } from 'vitest'
import { chosenInstead, shownIndices } from './groups.js'

const ALL = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']

test.each([
  [[], 2, ['NIFTY', 'BANKNIFTY']],
  [['SENSEX'], 2, ['SENSEX', 'NIFTY']],
  [['SENSEX', 'gone', 'SENSEX'], 3, ['SENSEX', 'NIFTY', 'BANKNIFTY']],
  [['SENSEX', 'FINNIFTY'], 1, ['SENSEX']],
])('of the choice %j there is room for %i: %j', (chosen, room, shown) => {
  expect(shownIndices(ALL, chosen, room)).toEqual(shown)
})

test('no index is shown twice: choosing one that is shown already swaps the two', () => {
  expect(chosenInstead(['NIFTY', 'SENSEX'], 0, 'FINNIFTY')).toEqual(['FINNIFTY', 'SENSEX'])
  expect(chosenInstead(['NIFTY', 'SENSEX'], 0, 'SENSEX')).toEqual(['SENSEX', 'NIFTY'])
})
