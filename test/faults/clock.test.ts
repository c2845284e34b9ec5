// The wall clock is set forward and back while the program runs: durations must not notice.
// Whole programs over real sockets and files; the test controls their clock.
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { connect } from '../../client/index.js'
import { fileOutputs } from '../../src/app/outputs.js'
import { Program } from '../../src/app/program.js'
import { sourceOf } from '../../src/app/source.js'
import type { Clock } from '../../src/clock/clock.js'
import { loadConfig } from '../../src/config/load.js'
import { capturedLog } from '../support/captured-log.js'
import { eventually } from '../support/eventually.js'
import { holdsNoMoreThan, ownFootprint } from '../support/footprint.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const HOUR_MS = 3_600_000

/** The system's clocks, until a test sets the wall clock. */
class SetClock implements Clock {
  setByMs = 0
  passedMs = 0
  readonly nowMs = (): number => Date.now() + this.setByMs
  readonly monotonicMs = (): number => performance.now() + this.passedMs
}

type Health = {
  readonly uptime_sec: number
  readonly status: string
  readonly status_file: { readonly state: string; readonly age_sec: number }
  readonly panel_push_meta: {
    readonly sse_heartbeat?: {
      readonly health: string
      readonly stale_sec: number
      readonly last_evt: number
    }
  }
}

async function started(source: string, clock: Clock, folder: string) {
  const loaded = loadConfig({
    env: {
      G6_UNIFIED_HTTP_PORT: '0',
      G6_PANELS_DIR: join(folder, 'panels'),
      G6_SUMMARY_REFRESH_SEC: '0.05',
      G6_SSE_IP_CONNECT_RATE: '0',
      G6_EVENTS_SSE_HEARTBEAT: '1',
      G6_READY_REQUIRES_FRESH: '1',
    },
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  const { log, lines } = capturedLog()
  const program = new Program({
    loaded,
    command: 'serve',
    source: sourceOf([source]),
    outputs: fileOutputs,
    log,
    clock,
  })
  closers.push(() => program.stop())
  const [listening] = await program.start()
  const url = listening?.url ?? ''
  const health = async (): Promise<Health> => (await (await fetch(`${url}/summary/health`)).json()) as Health
  const ready = async (): Promise<number> => (await fetch(`${url}/readyz`)).status
  return { program, url, health, ready, lines }
}

/** An open market: otherwise silence would be normal at some hours of the real day. */
const status = (cycle: number) => ({
  cycle,
  interval: 1,
  market_open: true,
  indices: { NIFTY: { ltp: cycle } },
})

function statusFile(clock: Clock) {
  const folder = mkdtempSync(join(tmpdir(), 'g6-clock-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'status.json')
  const write = (cycle: number): void => {
    writeFileSync(`${path}.new`, JSON.stringify(status(cycle)))
    // Files on disk have the system's time.
    utimesSync(`${path}.new`, clock.nowMs() / 1000, clock.nowMs() / 1000)
    renameSync(`${path}.new`, path)
  }
  write(1)
  return { folder, path, write }
}

describe.each([
  { name: 'forward', setByMs: 48 * HOUR_MS },
  { name: 'back', setByMs: -48 * HOUR_MS },
])('a clock that is set $name by two days', ({ setByMs }) => {
  test('leaves a chain of servers fresh and ready, their ages small, and their readers equal', async () => {
    const clock = new SetClock()
    const { folder, path, write } = statusFile(clock)
    const origin = await started(path, clock, folder)
    const byStatus = await started(`${origin.url}/events`, clock, join(folder, 'status'))
    const byBoard = await started(`board:${origin.url}`, clock, join(folder, 'board'))
    const all = [origin, byStatus, byBoard]
    const clients = all.map(({ url }) => connect(url, { initialDelayMs: 5 }))
    closers.push(() => clients.map(client => client.close()))
    const allShow = (cycle: number) =>
      eventually(
        () => clients.every(({ board }) => board?.panels.get('cycle')?.lines[0] === `cycle: ${cycle}`),
        () => `all show ${cycle}: ${clients.map(({ board }) => board?.panels.get('cycle')?.lines[0])}`,
      )
    await allShow(1)
    const cycles = origin.program.loop.statistics.snapshot(0).missedTicks
    const before = ownFootprint()

    clock.setByMs = setByMs
    for (const { health, ready } of all) {
      const { status, status_file, uptime_sec, panel_push_meta } = await health()
      expect(status).toBe('ok')
      expect(status_file.state).toBe('fresh')
      expect(status_file.age_sec).toBeLessThan(60)
      expect(uptime_sec).toBeGreaterThanOrEqual(0)
      expect(uptime_sec).toBeLessThan(600)
      expect(await ready()).toBe(200)
      const beat = panel_push_meta.sse_heartbeat
      if (beat !== undefined) expect(beat.health).toBe('ok')
    }
    // After a cycle every displayed time uses the new clock.
    write(2)
    await allShow(2)
    const { sse_heartbeat: beat } = (await byStatus.health()).panel_push_meta
    expect(Math.abs((beat?.last_evt ?? 0) * 1000 - clock.nowMs())).toBeLessThan(60_000)
    const changedAtMs = origin.program.loop.sourceNow().changedAtMs ?? 0
    expect(Math.abs(changedAtMs - clock.nowMs())).toBeLessThan(60_000)
    for (const client of clients) expect(client.counts).toMatchObject({ reconnects: 0, mismatches: 0 })
    // Two days of cycles would be millions; a machine that is busy for a minute misses a thousand.
    expect(origin.program.loop.statistics.snapshot(0).missedTicks - cycles).toBeLessThan(10_000)
    for (const { lines } of all) expect(lines().filter(({ level }) => Number(level) >= 40)).toEqual([])
    await holdsNoMoreThan(before)
  })
})

test('a status that stopped changing turns stale in time, though the clock was set back', async () => {
  const clock = new SetClock()
  const { folder, path, write } = statusFile(clock)
  const origin = await started(path, clock, folder)
  await eventually(async () => (await origin.ready()) === 200, 'it is ready')
  clock.setByMs = -HOUR_MS
  clock.passedMs = 400_000
  expect((await origin.health()).status_file).toMatchObject({ state: 'stale' })
  expect(await origin.ready()).toBe(503)
  write(2)
  await eventually(async () => (await origin.ready()) === 200, 'it is ready again')
})
