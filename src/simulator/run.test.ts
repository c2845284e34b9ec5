import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { noTimerWaits } from '../../test/support/runner-timers.js'
import { runSimulator } from './run.js'
import type { Scenario, ScenarioStep } from './scenario.js'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-simulator-'))
  path = join(folder, 'data', 'status.json')
})
afterEach(() => rm(folder, { recursive: true }))

const noSignal = () => new AbortController().signal
const document = (n: number): ScenarioStep => ({ kind: 'document', document: { n } })
const content = async () => readFile(path, 'utf8').catch(() => null)

/** These steps, then only documents. */
function scripted(...steps: readonly ScenarioStep[]): Scenario & { readonly calls: number[] } {
  const calls: number[] = []
  return {
    calls,
    step(n) {
      calls.push(n)
      return steps[n] ?? document(n)
    },
  }
}

/** Time that passes only by waiting. */
function ownTime() {
  const time = { nowMs: 1_000_000 }
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs - 900_000 }
  const wait = async (ms: number) => {
    time.nowMs += ms
  }
  return { time, clock, wait }
}

test('writes each step to the file, and creates its folder', async () => {
  const { clock, wait: pass } = ownTime()
  const seen: unknown[] = []
  const wait = async (ms: number) => {
    seen.push(JSON.parse(await readFile(path, 'utf8')))
    await pass(ms)
  }
  await runSimulator({
    path,
    refreshSec: 1,
    cycles: 3,
    scenario: scripted(),
    signal: noSignal(),
    clock,
    wait,
  })
  expect([...seen, JSON.parse(await readFile(path, 'utf8'))]).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  expect(await readdir(join(folder, 'data'))).toEqual(['status.json'])
})

test('replaces a link in the place of the status file and never follows it, even with a half-written document', async () => {
  const victim = join(folder, 'victim')
  await writeFile(victim, 'precious')
  await mkdir(join(folder, 'data'))
  await symlink(victim, path)
  const { clock, wait } = ownTime()
  const scenario = scripted({ kind: 'half_written', text: '{"n":' })
  await runSimulator({ path, refreshSec: 1, cycles: 1, scenario, signal: noSignal(), clock, wait })
  expect(await readFile(victim, 'utf8')).toBe('precious')
  expect(await content()).toBe('{"n":')
})

test('applies faults to the file', async () => {
  const { clock, wait: pass } = ownTime()
  const seen: (string | null)[] = []
  const wait = async (ms: number) => {
    seen.push(await content())
    await pass(ms)
  }
  const scenario = scripted(
    document(0),
    { kind: 'half_written', text: '{"n":' },
    { kind: 'pause' },
    { kind: 'delete' },
    { kind: 'restart' },
    { kind: 'delete' },
  )
  await runSimulator({ path, refreshSec: 1, cycles: 7, scenario, signal: noSignal(), clock, wait })
  expect(seen).toEqual(['{\n  "n": 0\n}\n', '{"n":', '{"n":', null, null, null])
  expect(await content()).toBe('{\n  "n": 6\n}\n')
})

describe('the schedule', () => {
  test('stays fixed when a step is late, and skips missed steps', async () => {
    const { time, clock, wait } = ownTime()
    const at: number[] = []
    const scenario: Scenario = {
      step(n, nowMs) {
        at.push(nowMs - 1_000_000)
        if (n === 1) time.nowMs += 300
        if (n === 3) time.nowMs += 2500
        return document(n)
      },
    }
    await runSimulator({ path, refreshSec: 1, cycles: 6, scenario, signal: noSignal(), clock, wait })
    expect(at).toEqual([0, 1000, 2000, 3000, 5500, 6000])
  })
})

describe('the end', () => {
  test('after an abort during a wait comes at once, without another write or a timer left', async () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
    await noTimerWaits()
    const ending = new AbortController()
    const scenario = scripted()
    let calls = 0
    const monotonicMs = () => {
      // The second call comes just before the wait for the second step: the abort falls into that wait.
      calls += 1
      if (calls === 2) setImmediate(() => ending.abort())
      return 0
    }
    const clock = { nowMs: () => 0, monotonicMs }
    await runSimulator({ path, refreshSec: 3600, cycles: 0, scenario, signal: ending.signal, clock })
    expect(timers()).toBe(0)
    expect(scenario.calls).toEqual([0])
    expect(await readdir(join(folder, 'data'))).toEqual(['status.json'])
  })

  test('after an abort during a write comes when the write has finished', async () => {
    const ending = new AbortController()
    const scenario: Scenario = {
      step(n) {
        queueMicrotask(() => ending.abort())
        return document(n)
      },
    }
    await runSimulator({ path, refreshSec: 3600, cycles: 0, scenario, signal: ending.signal })
    expect(await content()).toBe('{\n  "n": 0\n}\n')
  })

  test('with a signal that is aborted before the start comes without a write', async () => {
    await runSimulator({ path, refreshSec: 1, cycles: 0, scenario: scripted(), signal: AbortSignal.abort() })
    expect(await content()).toBeNull()
  })

  test('is an error that names the file when it cannot be written', async () => {
    const options = { refreshSec: 1, cycles: 1, scenario: scripted(), signal: noSignal() }
    await expect(runSimulator({ path: folder, ...options })).rejects.toThrow(
      `the status file ${folder} cannot be written: EISDIR`,
    )
  })
})
