import { expect, test } from 'vitest'
import { beatOf } from './presence.js'

test('the number of a beat is read from what a node of any version says about itself', () => {
  expect(beatOf('{"beat":7,"more":true}')).toBe(7)
  expect([beatOf(null), beatOf('{'), beatOf('{"beat":-1}'), beatOf('7')]).toEqual([null, null, null, null])
})
