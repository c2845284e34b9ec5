// Notifications of a program to real receivers of webhooks and mails, with a clock of the test: the wall clock jumps, receivers are away,
// fail or hang, and the server starts again. None is lost, and every repeat has the same id.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { type HookReceiver, hookReceiver } from '../../test/support/hook-receiver.js'
import { type OwnTime, ownTime } from '../../test/support/own-time.js'
import { type SmtpSink, smtpSink } from '../../test/support/smtp-sink.js'
import { resultOf } from '../../test/terminal/support/scenes.js'
import { emptyBoard, withVerdict } from '../board/board.js'
import { loadConfig } from '../config/load.js'
import { silentLog } from '../log/log.js'
import { createMetrics } from '../metrics/metrics.js'
import type { Notification } from '../notify/message.js'
import { createNotify, type Notify } from './notify.js'

const WALL_MS = Date.UTC(2026, 10, 30, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let folder = ''
let hook: HookReceiver
let sink: SmtpSink
let time: OwnTime
/** The wall clock was set by this much; and when the server began, by the steady one. */
let setByMs = 0
let startedMs = 0
let server: { readonly notify: Notify; readonly retried: () => Promise<number> } | null = null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-notify-faults-'))
  hook = await hookReceiver()
  sink = await smtpSink()
  time = ownTime()
  setByMs = 0
})
afterEach(async () => {
  await server?.notify.stop()
  await Promise.all([hook.close(), sink.close()])
  rmSync(folder, { recursive: true, force: true })
})

async function start(): Promise<void> {
  const mail = { smtp: sink.url, from: 'g6@example.org', to: ['ops@example.org'] }
  const rule = { name: 'down', when: "verdict == 'failing'", for: '2m', repeat: '10m' }
  const G6_NOTIFY = JSON.stringify([{ ...rule, send: [{ webhook: hook.url }, mail] }])
  const loaded = loadConfig({ env: { G6_NOTIFY_STATE: join(folder, 'notify.state'), G6_NOTIFY } })
  if (!loaded.ok) throw new Error('the settings cannot be used')
  const { config } = loaded
  const metrics = createMetrics({ extended: false, processDefaults: false, version: '0', node: 'v20' })
  // A new process counts from its start.
  startedMs = time.clock.monotonicMs()
  const clock = {
    nowMs: () => WALL_MS + time.clock.nowMs() + setByMs,
    monotonicMs: () => time.clock.monotonicMs() - startedMs,
  }
  const notify = await createNotify({
    ...{ settings: () => config, metrics, log: silentLog, clock, rules: config.notify, fleet: null },
    ...{ link: () => null, title: () => null, timers: time.timers },
  })
  const retried = async () =>
    Number(/result="retried"} (\d+)/.exec((await metrics.text()).body)?.[1] ?? Number.NaN)
  server = { notify, retried }
}

async function restart(): Promise<void> {
  const stopping = server?.notify.stop()
  // The grace of what is being sent.
  time.pass(1_000)
  await stopping
  await start()
}

function cycle(word: 'failing' | 'healthy'): void {
  const { board, ...result } = resultOf([], {}, emptyBoard('e'))
  const verdict = { word, reasons: word === 'failing' ? ['Provider: down'] : [] }
  server?.notify.take({ ...result, board: withVerdict({ ...board, generation: 1 }, verdict) })
}

const posted = (): readonly Notification[] => hook.received.map(({ body }) => JSON.parse(body))
const mailed = (): readonly string[] =>
  sink.mails.map(({ text }) => /Message-ID: <([^@]+)@/.exec(text)?.[1] ?? '')

/** Until both have all of these messages, and the server knows. */
async function delivered(count: number): Promise<void> {
  await hook.got(count)
  await sink.got(count)
  await eventually(
    async () => ((await server?.notify.desk.document())?.outbox.messages === 0 ? true : null),
    'the outbox is empty',
  )
}

test.each([
  ['forwards', HOUR_MS],
  ['backwards', -HOUR_MS],
  ['by a day, as of a machine that was suspended', 24 * HOUR_MS],
])('a wall clock that jumps %s neither delays, doubles nor loses a message', async (_, jumpMs) => {
  await start()
  cycle('failing')
  time.pass(MINUTE_MS)
  setByMs += jumpMs
  cycle('failing')
  time.pass(MINUTE_MS - 1)
  expect(server?.notify.desk.health().open).toBe(0)
  time.pass(2)
  await delivered(1)

  setByMs -= 2 * jumpMs
  time.pass(10 * MINUTE_MS + 2)
  await delivered(2)

  await restart()
  setByMs += jumpMs
  cycle('failing')
  cycle('healthy')
  await delivered(3)
  const messages = posted()
  expect(messages.map(({ event }) => event)).toEqual(['begin', 'repeat', 'end'])
  expect(new Set(messages.map(({ incident }) => incident)).size).toBe(1)
  expect(mailed()).toEqual(messages.map(({ id }) => id))
  expect(messages.slice(0, 2).map(({ lasted_sec: sec }) => Math.round(sec))).toEqual([120, 720])
})

test('receivers that fail, hang and are gone get each message in order when they are back, over a restart too', async () => {
  const bothFailed = () =>
    eventually(async () => ((await server?.retried()) === 2 ? true : null), 'both receivers failed')
  await start()
  hook.answer = () => ({ status: 500 })
  sink.refuse = '451 later'
  cycle('failing')
  time.pass(2 * MINUTE_MS + 1)
  await bothFailed()
  hook.answer = () => 'hang'
  time.pass(2_000)
  await hook.got(2)
  const [first, second] = posted()
  expect(second).toEqual(first)
  // It is over before anybody took that it began.
  cycle('healthy')
  const { port } = hook
  await hook.close()
  await restart()
  await bothFailed()
  hook = await hookReceiver(port)
  sink.refuse = null
  time.pass(2_000)
  await delivered(2)
  const [begin, end] = posted()
  expect(begin).toEqual(first)
  expect(end).toMatchObject({ event: 'end', incident: first?.incident })
  expect(mailed()).toEqual([begin?.id, end?.id])
})
