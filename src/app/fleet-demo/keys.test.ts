import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { demoKeys } from './keys.js'

test('keys are digits, r and Ctrl+C; a terminal is raw for as long as they are read', () => {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => raw.push(isRaw),
  })
  const keys: string[] = []
  const close = demoKeys(input, key => keys.push(key))
  input.emit('data', Buffer.from('1x0r\n2\u0003'))
  close()
  input.emit('data', Buffer.from('3'))
  expect(keys).toEqual(['1', 'r', '2', 'end'])
  expect(raw).toEqual([true, false])
})
