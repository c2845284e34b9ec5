import { expect, test } from 'vitest'
import { judgeBind } from './open-bind.js'

test.each([
  ['127.0.0.1', null, false, 'fine'],
  ['localhost', null, false, 'fine'],
  ['::1', null, false, 'fine'],
  ['0.0.0.0', 'token', false, 'fine'],
  ['0.0.0.0', null, false, 'refused'],
  ['::', null, false, 'refused'],
  ['192.168.1.2', null, true, 'warning'],
  ['dash.example', null, false, 'refused'],
])('%s with token %s and allow-open %s is %s', (httpHost, sseApiToken, allowOpen, kind) => {
  expect(judgeBind({ httpHost, sseApiToken, allowOpen }).kind).toBe(kind)
})
