import { expect, test } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import { WrongTypesLog } from './wrong-types.js'

test('values of a wrong type are logged once, and once that there are none any more', () => {
  const { log, lines } = capturedLog()
  const wrongTypes = new WrongTypesLog(log)
  for (const count of [0, 27, 26, 27])
    wrongTypes.see({ count, first: count === 0 ? null : 'indices.NIFTY.ltp' })
  wrongTypes.see({ count: 0, first: null })
  expect(lines()).toMatchObject([
    { level: 40, count: 27, example: 'indices.NIFTY.ltp', msg: expect.stringContaining('wrong type') },
    { level: 30, msg: expect.stringContaining('any more') },
  ])
})
