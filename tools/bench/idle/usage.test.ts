import { expect, test } from 'vitest'
import { readUsage, usageOf } from './usage.js'

test('the threads of a process are summed up', () => {
  const thread = (switches: number): string =>
    `Name:\tnode\nvoluntary_ctxt_switches:\t${switches}\nnonvoluntary_ctxt_switches:\t9\n`
  const usage = usageOf('VmHWM:\t 9999 kB\nVmRSS:\t   61440 kB\n', [
    [thread(5), '1500000 77 3\n'],
    [thread(7), '500000 1 1\n'],
  ])
  expect(usage).toEqual({ residentMiB: 60, wakeUps: 12, cpuMs: 2 })
})

test('what is missing is an error, never a zero', () => {
  expect(() => usageOf('Name:\tnode\n', [])).toThrow('no VmRSS in /proc: this needs Linux')
})

test('this process has used something', () => {
  const { residentMiB, wakeUps, cpuMs } = readUsage(process.pid)
  expect([residentMiB > 10, wakeUps > 0, cpuMs > 0]).toEqual([true, true, true])
})
