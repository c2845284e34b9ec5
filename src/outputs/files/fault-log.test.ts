import { expect, test } from 'vitest'
import { capturedLog } from '../../../test/support/captured-log.js'
import { FaultLog } from './fault-log.js'

const full = Object.assign(new Error('full'), { code: 'ENOSPC' })
const denied = Object.assign(new Error('denied'), { code: 'EACCES' })

function faultLog() {
  const { log, lines } = capturedLog()
  const clock = { nowMs: 1_000 }
  let faults = 0
  const faultLog = new FaultLog(
    log,
    '/panels',
    () => faults++,
    () => clock.nowMs,
  )
  const entries = () =>
    lines().map(({ level, folder, file, code = '' }) => `${level} ${folder}/${file} ${code}`)
  return { faultLog, clock, entries, faults: () => faults }
}

test('a repeated fault is counted each time, logged once, and its end logged once', () => {
  const { faultLog: log, entries, faults } = faultLog()
  for (let i = 0; i < 5; i++) log.failed('a.json', full)
  log.failed('a.json', denied)
  log.written('a.json')
  log.written('a.json')
  log.written('b.json')
  expect(faults()).toBe(6)
  expect(entries()).toEqual(['50 /panels/a.json ENOSPC', '50 /panels/a.json EACCES', '30 /panels/a.json '])
})

test('a fault that comes and goes is logged once a minute', () => {
  const { faultLog: log, clock, entries } = faultLog()
  for (let i = 0; i < 50; i++) {
    log.failed('a.json', full)
    log.written('a.json')
    clock.nowMs += 1_000
  }
  expect(entries()).toHaveLength(2)
  // It persists: logged as soon as the minute is over.
  for (let i = 0; i < 30; i++) {
    log.failed('a.json', full)
    clock.nowMs += 1_000
  }
  expect(entries()).toEqual(['50 /panels/a.json ENOSPC', '30 /panels/a.json ', '50 /panels/a.json ENOSPC'])
})
