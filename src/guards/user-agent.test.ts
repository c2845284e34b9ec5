import { expect, test } from 'vitest'
import { userAgentAllowed } from './user-agent.js'

test('a pattern is a prefix, in upper and lower case as written', () => {
  expect(userAgentAllowed('Mozilla/5.0 (X11) Firefox/140.0', ['curl', 'Mozilla/'])).toBe(true)
  expect(userAgentAllowed('Mozilla/5.0 (X11) Firefox/140.0', ['Firefox'])).toBe(false)
  expect(userAgentAllowed('mozilla/5.0', ['Mozilla/'])).toBe(false)
})

test('a pattern that begins with * matches anywhere', () => {
  expect(userAgentAllowed('Mozilla/5.0 (X11) Firefox/140.0', ['*Firefox'])).toBe(true)
  expect(userAgentAllowed('curl/8.5.0', ['*Firefox'])).toBe(false)
  expect(userAgentAllowed('a*b', ['**b'])).toBe(true)
  expect(userAgentAllowed('ab', ['a*b'])).toBe(false)
})

test('an empty list allows all; any other refuses a request without the header', () => {
  expect(userAgentAllowed(undefined, [])).toBe(true)
  expect(userAgentAllowed(undefined, ['*'])).toBe(false)
  expect(userAgentAllowed('', ['*'])).toBe(true)
})
