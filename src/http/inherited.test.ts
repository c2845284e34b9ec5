import { expect, test } from 'vitest'
import { takeInheritedSockets, withInherited } from './inherited.js'
import type { ListenerPlan } from './listen-plan.js'

const PASSED = { LISTEN_PID: '17', LISTEN_FDS: '2', LISTEN_FDNAMES: 'unified:metrics' }

test('the sockets are numbered from 3 on, with their names; no child sees the variables', () => {
  const env: Record<string, string | undefined> = { ...PASSED, LISTEN_PIDFDID: '9', HOME: '/root' }
  expect(takeInheritedSockets(env, 17)).toEqual([
    { fd: 3, name: 'unified' },
    { fd: 4, name: 'metrics' },
  ])
  expect(env).toEqual({ HOME: '/root' })
})

test('sockets of another process are not ours, and nobody else’s either', () => {
  const env: Record<string, string | undefined> = { ...PASSED }
  expect(takeInheritedSockets(env, 18)).toEqual([])
  expect(env).toEqual({})
  expect(takeInheritedSockets({}, 18)).toEqual([])
  expect(takeInheritedSockets({ LISTEN_FDS: '1' }, 18)).toEqual([])
})

test('names are optional, some or all', () => {
  expect(takeInheritedSockets({ LISTEN_PID: '1', LISTEN_FDS: '2' }, 1).map(({ name }) => name)).toEqual([
    '',
    '',
  ])
  const some = { LISTEN_PID: '1', LISTEN_FDS: '2', LISTEN_FDNAMES: 'stream' }
  expect(takeInheritedSockets(some, 1).map(({ name }) => name)).toEqual(['stream', ''])
})

test.each(['', 'x', '-1', '1.5', '65', '1e1', '9999'])('%j sockets are a mistake', count => {
  expect(() => takeInheritedSockets({ LISTEN_PID: '1', LISTEN_FDS: count }, 1)).toThrow(
    /LISTEN_FDS="[^"]*" cannot be used; allowed: a number of sockets up to 64/,
  )
})

const plan = (name: string): ListenerPlan => ({ name, port: 1, setting: 'G6_X', surfaces: ['stream'] })

test('a socket with the name of a listener is that one’s, all others are the first one’s', () => {
  const sockets = ['g6-stream.socket', 'metrics', '', 'metrics'].map((name, i) => ({ fd: 3 + i, name }))
  const listeners = ['unified', 'stream', 'metrics'].map(plan)
  expect(withInherited(listeners, sockets).map(({ name, fds }) => [name, fds])).toEqual([
    ['unified', [3, 5]],
    ['stream', undefined],
    ['metrics', [4, 6]],
  ])
  expect(withInherited(listeners, [])).toEqual(listeners)
})
