import { expect, test } from 'vitest'
import { silentLog } from '../log/log.js'
import { createServiceManager, watchdogMs } from './service-manager.js'

/** A manager whose messages and waits are kept; `pass()` ends the current wait. */
function managed(env: Readonly<Record<string, string>>) {
  const sent: string[] = []
  const waits: { readonly ms: number; readonly run: () => void }[] = []
  const service = createServiceManager({
    env,
    log: silentLog,
    send: assignments => sent.push(...assignments),
    timers: {
      after: (ms, run) => {
        const wait = { ms, run }
        waits.push(wait)
        return () => void waits.splice(waits.indexOf(wait), 1)
      },
    },
  })
  return { service, sent, waits, pass: () => waits.shift()?.run() }
}

const WATCHED = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000000' }

test('without a socket nothing is sent and nothing waits', () => {
  const { service, sent, waits } = managed({ WATCHDOG_USEC: '30000000' })
  service.ready()
  service.stopping()
  expect([sent, waits]).toEqual([[], []])
})

test('ready and stopping are reported once each', () => {
  const { service, sent, waits } = managed({ NOTIFY_SOCKET: '/run/notify' })
  service.ready()
  service.stopping()
  expect(sent).toEqual(['READY=1', 'STOPPING=1'])
  expect(waits).toEqual([])
})

test('with a watchdog a message goes out twice within its time, until it is closed', () => {
  const { service, sent, waits, pass } = managed(WATCHED)
  service.ready()
  expect(waits.map(({ ms }) => ms)).toEqual([15_000])
  pass()
  pass()
  expect(sent).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1'])
  service.close()
  service.close()
  expect(waits).toEqual([])
})

test('a watchdog of another process, or with an invalid time, is ignored', () => {
  expect(watchdogMs({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: '17' }, 17)).toBe(1_000)
  expect(watchdogMs({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: '16' }, 17)).toBeNull()
  for (const wrong of ['', '0', '-5', 'soon', '1e400'])
    expect(watchdogMs({ WATCHDOG_USEC: wrong }, 17)).toBeNull()
  expect(watchdogMs({}, 17)).toBeNull()
})
