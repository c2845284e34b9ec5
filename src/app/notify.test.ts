import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { resultOf } from '../../test/terminal/support/scenes.js'
import { emptyBoard, withVerdict } from '../board/board.js'
import { loadConfig } from '../config/load.js'
import { HttpError, statusOf } from '../contract/errors.js'
import type { HttpShell } from '../contract/plugin.js'
import { notifyPlugin } from '../http/routes/notify.js'
import { useZod, withoutCompilers } from '../http/zod-schemas.js'
import { silentLog } from '../log/log.js'
import { createMetrics } from '../metrics/metrics.js'
import { createNotify, type Notify } from './notify.js'
import { carriedOut } from './notify-elsewhere.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-app-notify-'))
const open: Notify[] = []
afterEach(() => Promise.all(open.splice(0).map(each => each.stop())))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let nowMs = 0
const clock = { nowMs: () => 1_000_000 + nowMs, monotonicMs: () => nowMs }

async function made(
  state: string,
  fleet: Parameters<typeof createNotify>[0]['fleet'] = null,
  command = '/bin/true',
) {
  const loaded = loadConfig({
    env: {
      G6_NOTIFY_STATE: join(folder, state),
      G6_NOTIFY: JSON.stringify([
        { name: 'down', when: "verdict == 'failing'", send: [{ exec: [command] }] },
      ]),
    },
  })
  if (!loaded.ok) throw new Error('the settings cannot be used')
  const { config } = loaded
  const metrics = createMetrics({ extended: false, processDefaults: false, version: '0', node: 'v20' })
  const notify = await createNotify({
    ...{ settings: () => config, metrics, log: silentLog, clock, rules: config.notify, fleet },
    ...{ link: () => null, title: () => null },
  })
  open.push(notify)
  return { notify, desk: notify.desk, scrape: async () => (await metrics.text()).body }
}

/** A cycle in which the board fails. */
function fail(notify: Notify): void {
  const result = resultOf([], {}, emptyBoard('e'))
  const verdict = { word: 'failing', reasons: ['x'] } as const
  notify.take({ ...result, board: withVerdict({ ...result.board, generation: 1 }, verdict) })
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof HttpError ? error.code : String(error)),
  )

describe('the desk', () => {
  test('refuses what it cannot do, and says why', async () => {
    const { desk } = await made('a')
    const mute = { for_sec: 60, reason: '' }
    expect(await codeOf(desk.mute({ ...mute, rules: ['other'] }))).toBe('not_found')
    expect(await codeOf(desk.acknowledge('other'))).toBe('not_found')
    expect(await codeOf(desk.test('other'))).toBe('not_found')
    for (let i = 0; i < 50; i++) await desk.mute(mute)
    expect(await codeOf(desk.mute(mute))).toBe('too_many_mutes')
    expect(await desk.unmute('nothing')).toBe(0)
    expect(await desk.unmute(null)).toBe(50)
  })

  test('sends test messages no more often than every 5 s', async () => {
    const { desk } = await made('b')
    nowMs += 10_000
    expect(await desk.test('down')).toMatchObject([{ rule: 'down', target: 'exec true', ok: true }])
    expect(await codeOf(desk.test('down'))).toBe('notify_rate')
    nowMs += 5_000
    expect(await codeOf(desk.test(null))).toBe('done')
  })

  test('counts what is open and until when all is muted', async () => {
    const { notify, desk, scrape } = await made('c')
    expect(desk.health()).toEqual({ open: 0, to_acknowledge: 0, mutes: 0, muted_until: null })
    fail(notify)
    expect(desk.health()).toMatchObject({ open: 1, to_acknowledge: 1 })
    expect(await desk.acknowledge(null)).toEqual(['down'])
    const { until } = await desk.mute({ for_sec: 60, reason: 'r' })
    expect(desk.health()).toEqual({ open: 1, to_acknowledge: 0, mutes: 1, muted_until: until })
    expect(await scrape()).toContain('g6_notify_state_writable 1')
    expect(await scrape()).toContain('g6_notifications_total{rule="down",result="expired"} 0')
  })

  test('of a server that does not publish shows what the publisher decided, and changes nothing while that one does not answer', async () => {
    const text = JSON.stringify({
      state: {
        rules: [
          {
            ...{ name: 'down', text: "verdict == 'failing'", since: 1, count: 1, began: 1 },
            incident: { id: 'i', sent: 1, repeats: 0, acknowledged: true },
          },
        ],
        mutes: [],
      },
    })
    const notify = {
      seat: () => 'following' as const,
      put: () => Promise.resolve(false),
      get: () => Promise.resolve({ text, wallMs: 1_000 }),
    }
    const requests = { handler: () => Promise.resolve(null), ask: () => Promise.resolve(null) }
    const { desk } = await made('d', { notify, requests, onSeat: () => {} })
    expect(await desk.document()).toMatchObject({ rules: [{ phase: 'open', acknowledged: true }] })
    expect(await codeOf(desk.acknowledge('down'))).toBe('not_publisher')
    expect(await codeOf(desk.mute({ for_sec: 60, reason: '' }))).toBe('not_publisher')
  })

  test('of a server that does not publish answers as the publisher does', async () => {
    const own = await made('publisher')
    const notify = {
      seat: () => 'following' as const,
      put: () => Promise.resolve(false),
      get: () => Promise.resolve(null),
    }
    const requests = {
      handler: () => Promise.resolve(null),
      ask: (text: string) => carriedOut(own.desk, text, silentLog),
    }
    const { desk } = await made('follower', { notify, requests, onSeat: () => {} })
    fail(own.notify)
    expect(await desk.acknowledge(null)).toEqual(['down'])
    const { id, until } = await desk.mute({ for_sec: 60, reason: 'r', rules: ['down'] })
    expect(own.desk.health()).toEqual({ open: 1, to_acknowledge: 0, mutes: 1, muted_until: until })
    expect([await desk.unmute('nothing'), await desk.unmute(id)]).toEqual([0, 1])
    expect(await codeOf(desk.acknowledge('other'))).toBe('not_found')
    for (let i = 0; i < 50; i++) await desk.mute({ for_sec: 60, reason: '' })
    expect(await codeOf(desk.mute({ for_sec: 60, reason: '' }))).toBe('too_many_mutes')
    expect(await carriedOut(own.desk, '{"do":"forget"}', silentLog)).toBe(null)
  })
})

test('a state that cannot be kept is in the metrics, and messages go out all the same', async () => {
  writeFileSync(join(folder, 'file'), '')
  const { notify, desk, scrape } = await made('file/state')
  fail(notify)
  await desk.mute({ for_sec: 60, reason: '' })
  expect(await scrape()).toContain('g6_notify_state_writable 0')
  expect(desk.health().open).toBe(1)
})

test('a server carries nothing out while another one has the file, says so, and goes on from it then', async () => {
  const command = join(folder, 'receiver')
  writeFileSync(command, `#!/bin/sh\nexec test -e '${join(folder, 'is-back')}'\n`, { mode: 0o700 })
  const first = await made('g', null, command)
  fail(first.notify)
  await first.notify.stop()
  const lock = join(folder, 'g.lock')
  expect(existsSync(lock)).toBe(false)
  writeFileSync(lock, JSON.stringify({ pid: 7, host: 'other', since: 'today', id: 'other' }))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const second = await made('g', null, command)
    fail(second.notify)
    expect(second.desk.health().open).toBe(0)
    expect(await second.scrape()).toContain('g6_notify_state_writable 0')
    expect(await codeOf(second.desk.acknowledge('down'))).toBe('state_in_use')
    expect(await second.desk.document()).toMatchObject({ rules: [{ phase: 'open' }] })
    rmSync(lock)
    writeFileSync(join(folder, 'is-back'), '')
    await vi.advanceTimersByTimeAsync(4_000)
    vi.useRealTimers()
    await vi.waitFor(async () =>
      expect(await second.scrape()).toContain('g6_notifications_total{rule="down",result="sent"} 1'),
    )
    expect(await second.scrape()).toContain('g6_notify_state_writable 1')
    expect(await codeOf(second.desk.acknowledge('down'))).toBe('done')
    expect(readFileSync(lock, 'utf8')).toContain(`"pid":${process.pid}`)
  } finally {
    vi.useRealTimers()
  }
})

test('a message that waits is in the metrics, with its age', async () => {
  const { notify, scrape } = await made('f', null, '/bin/false')
  fail(notify)
  await vi.waitFor(async () => expect(await scrape()).toContain('result="retried"} 1'), 60_000)
  nowMs += 7_000
  expect(await scrape()).toContain('g6_notify_outbox_messages 1')
  expect(await scrape()).toContain('g6_notify_outbox_oldest_seconds 7')
})

test('a server without a token takes mutes from its own machine only', async () => {
  const unused = (): never => {
    throw new Error('not for this test')
  }
  const shell = (isLocal: boolean): HttpShell => ({
    ...{
      openStream: unused,
      answerHead: unused,
      countWrong: unused,
      draining: false,
      templates: [],
      isLocal,
    },
  })
  const { desk } = await made('e')
  const ask = async (sseApiToken: string | null, isLocal: boolean): Promise<number> => {
    const app = Fastify(withoutCompilers)
    useZod(app)
    app.setErrorHandler((error, _, reply) =>
      reply.code(error instanceof HttpError ? statusOf(error.code) : 500).send(''),
    )
    await notifyPlugin(
      () => desk,
      () => ({ sseApiToken }),
    ).register(app, shell(isLocal))
    const payload = { for_sec: 60, reason: '' }
    const { statusCode } = await app.inject({ method: 'POST', url: '/summary/notify/mutes', payload })
    await app.close()
    return statusCode
  }
  expect(await ask(null, false)).toBe(403)
  expect(await ask(null, true)).toBe(201)
  expect(await ask('a-token', false)).toBe(201)
})
