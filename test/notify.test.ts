// Notifications of a real server to real receivers, through faults: none lost, every repeat with the same id, one message when it ends.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Notification } from '../src/notify/message.js'
import { muteData, notifyDocument } from '../src/protocol/notify.js'
import { endAll, g6, type Running } from './support/g6.js'
import { type HookReceiver, hookReceiver, type Received } from './support/hook-receiver.js'
import { startRedis } from './support/redis-server.js'
import { type SmtpSink, smtpSink } from './support/smtp-sink.js'

const TOKEN = 'a-token-of-this-test'
let folder = ''
let hook: HookReceiver
let sink: SmtpSink

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-notify-'))
  hook = await hookReceiver()
  sink = await smtpSink()
})
afterEach(async () => {
  await endAll()
  await Promise.all([hook.close(), sink.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** As a collector does: whole, by rename. */
function write(status: string): void {
  const path = join(folder, 'status.json')
  writeFileSync(`${path}.new`, JSON.stringify({ status, queue: 3 }))
  renameSync(`${path}.new`, path)
}

const RULE = `
[[notify]]
name = "down"
when = "verdict == 'failing'"
`

function serve(settings: string, env: Readonly<Record<string, string>> = {}): Running {
  const config = join(folder, 'g6.toml')
  writeFileSync(config, `notify_state = ${JSON.stringify(join(folder, 'notify.state'))}\n${settings}`)
  const status = join(folder, 'status.json')
  return g6(['serve', '--config', config, '--port', '0', '--status-file', status, '--no-write-panels'], {
    G6_SSE_API_TOKEN: TOKEN,
    ...env,
  })
}

const messageOf = ({ body }: Received): Notification => JSON.parse(body) as Notification
const events = (): readonly string[] => hook.received.map(one => messageOf(one).event)

async function ask(url: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${url}/summary/notify${path}`, {
    method,
    headers: { 'X-API-Token': TOKEN, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

test('a server that is killed again and again, and receivers that are away, lose nothing', async () => {
  const settings = `${RULE}send = [
    { webhook = "${hook.url}/hook" },
    { smtp = "${sink.url}", from = "g6@example.org", to = ["ops@example.org"] },
  ]`
  write('ok')
  // The first message meets a receiver that fails, and a mail server that does.
  hook.answer = () => ({ status: 500 })
  sink.refuse = '451 later'
  let server = serve(settings)
  await server.url()
  write('failing')
  await server.until(/"msg":"a message is sent again later"/)
  const [first] = await hook.got(1)
  if (first === undefined) throw new Error('nothing came')
  server.signal('SIGKILL')
  await server.exit
  expect(statSync(join(folder, 'notify.state')).mode & 0o777).toBe(0o600)

  // The next server delivers what the first could not; its receiver dies with it before it is known.
  hook.answer = () => 'hang'
  server = serve(settings)
  const [, second] = await hook.got(2)
  server.signal('SIGKILL')
  await server.exit

  hook.answer = () => ({ status: 200 })
  sink.refuse = null
  server = serve(settings)
  const [, , third] = await hook.got(3)
  await sink.got(1)
  const begun = [first, second, third].map(one =>
    one === undefined ? '' : one.headers['x-g6-notification-id'],
  )
  expect(new Set(begun)).toEqual(new Set([messageOf(first).id]))

  // It went over while no server ran: the next one says so, once.
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  write('ok')
  const coverage = join(folder, 'coverage')
  server = serve(settings, { NODE_V8_COVERAGE: coverage })
  const ended = await hook.got(1, one => messageOf(one).event === 'end')
  await sink.got(2)
  expect(ended.map(messageOf)).toMatchObject([{ incident: messageOf(first).incident, rule: 'down' }])
  expect(sink.mails.map(({ text }) => /Message-ID: <([^@]+)@/.exec(text)?.[1])).toEqual([
    messageOf(first).id,
    messageOf(ended[0] ?? first).id,
  ])
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  expect(loadedIn(coverage)).toEqual(WORDS)
  expect(events()).toEqual(['begin', 'begin', 'begin', 'end'])
  expect(server.output().err).not.toContain('/hook')
})

test('what people do: mute, acknowledge, test, and the metrics of it', async () => {
  write('failing')
  const server = serve(`${RULE}repeat = "10s"\nsend = [{ webhook = "${hook.url}" }]`)
  const url = await server.url()
  await hook.got(1)
  const document = async () => notifyDocument.parse(await (await ask(url, 'GET', '')).json())
  expect(await document()).toMatchObject({
    rules: [{ name: 'down', phase: 'open', acknowledged: false, muted_until: null }],
    mutes: [],
  })
  expect((await fetch(`${url}/summary/notify`)).status).toBe(401)
  expect((await ask(url, 'POST', '/mutes', { for_sec: 0, reason: '' })).status).toBe(400)
  expect((await ask(url, 'POST', '/mutes', { for_sec: 60, reason: '', rules: ['other'] })).status).toBe(404)

  expect(await (await ask(url, 'POST', '/acknowledge', { rule: 'down' })).json()).toEqual({ rules: ['down'] })
  const muting = g6(['mute', '30m', '--reason', 'a change', '--url', url], { G6_SSE_API_TOKEN: TOKEN })
  const [, id = ''] = await muting.until(/^(\S+)\s+\S+ ?\S*\s+all\s+a change$/m)
  expect(await muting.exit).toBe(0)
  // What it opened is ended all the same; what begins now is not sent.
  write('ok')
  await hook.got(1, one => messageOf(one).event === 'end')
  write('failing')
  const test = g6(['notify', 'test', 'down', '--url', url], { G6_SSE_API_TOKEN: TOKEN })
  expect(await test.exit).toBe(0)
  expect(test.output().out).toBe(`down: webhook ${hook.url}: taken\n`)
  server.signal('SIGKILL')
  await server.exit

  // A mute outlives the server.
  const next = serve(`${RULE}send = [{ webhook = "${hook.url}" }]`)
  const again = await next.url()
  const kept = notifyDocument.parse(await (await ask(again, 'GET', '')).json())
  expect(kept.mutes).toMatchObject([{ id, reason: 'a change' }])
  expect(events()).toEqual(['begin', 'end', 'test'])
  expect(await (await ask(again, 'DELETE', `/mutes/${id}`)).json()).toEqual({ ended: 1 })
  expect((await ask(again, 'DELETE', `/mutes/${id}`)).status).toBe(404)
  await hook.got(2, one => messageOf(one).event === 'begin')
  await next.until(/"msg":"a message was delivered"/)
  const metrics = await (await fetch(`${again}/metrics`, { headers: { 'X-API-Token': TOKEN } })).text()
  expect(metrics).toContain('g6_notifications_total{rule="down",result="sent"} 1')
  expect(metrics).toContain('g6_notify_outbox_messages 0')
})

test('any server of a fleet takes mutes and acknowledgements; the next publisher delivers what the last one could not, once it is over too', async () => {
  const redis = await startRedis()
  try {
    write('failing')
    hook.answer = () => ({ status: 503 })
    const settings = `redis_url = "${redis.url}"\n${RULE}send = [{ webhook = "${hook.url}" }]`
    const first = serve(settings)
    await first.url()
    const [begun] = await hook.got(1)
    if (begun === undefined) throw new Error('nothing came')
    const next = serve(settings)
    const third = serve(settings)
    const [url, other] = await Promise.all([next.url(), third.url()])
    // It shows what the publisher decided, and carries out nothing.
    const document = notifyDocument.parse(await (await ask(url, 'GET', '')).json())
    expect(document.rules).toMatchObject([{ name: 'down', phase: 'open' }])
    // Any server takes what people change, as the publisher does.
    const acknowledged = await ask(url, 'POST', '/acknowledge', {})
    expect([acknowledged.status, await acknowledged.json()]).toEqual([200, { rules: ['down'] }])
    const mute = { for_sec: 60, reason: 'r', rules: ['down'] }
    const muted = await ask(other, 'POST', '/mutes', mute)
    const { id } = muteData.parse(await muted.json())
    expect(muted.status).toBe(201)
    const shown = notifyDocument.parse(await (await ask(url, 'GET', '')).json())
    expect([shown.rules, shown.mutes]).toMatchObject([[{ acknowledged: true }], [{ id, rules: ['down'] }]])
    expect((await ask(url, 'DELETE', `/mutes/${id}`)).status).toBe(200)
    expect((await ask(url, 'DELETE', `/mutes/${id}`)).status).toBe(404)
    expect((await ask(url, 'POST', '/mutes', { ...mute, rules: ['none'] })).status).toBe(404)
    third.signal('SIGTERM')
    await third.exit
    first.signal('SIGKILL')
    await first.exit
    const before = hook.received.length
    hook.answer = () => ({ status: 200 })
    const [, again] = [await hook.got(before + 1), hook.received[before]]
    expect(again === undefined ? null : messageOf(again).id).toBe(messageOf(begun).id)
    write('ok')
    const [over] = await hook.got(1, one => messageOf(one).event === 'end')
    expect(over === undefined ? null : messageOf(over).incident).toBe(messageOf(begun).incident)
    expect(new Set(hook.received.map(one => messageOf(one).id)).size).toBe(2)
  } finally {
    await endAll()
    await redis.close()
  }
})

/** Of the delivery, and of nodemailer. */
const WORDS = ['its target is no longer configured', 'nodemailer.com']

/** Which of these the files have that a server of this coverage folder loaded. */
function loadedIn(coverage: string): readonly string[] {
  const texts = readdirSync(coverage).map(file => readFileSync(join(coverage, file), 'utf8'))
  rmSync(coverage, { recursive: true })
  const files = new Set(texts.join('\n').match(/file:[^"]*\/program\/[^"]*\.js/g))
  const sources = [...files].map(file => readFileSync(new URL(file), 'utf8'))
  return WORDS.filter(word => sources.some(source => source.includes(word)))
}

test('rules come and go with a reload; without one nothing of them is there, and nodemailer only with a mail', async () => {
  const coverage = join(folder, 'coverage')
  write('failing')
  const none = serve('', { NODE_V8_COVERAGE: coverage })
  await none.url()
  none.signal('SIGTERM')
  expect(await none.exit).toBe(0)
  expect(loadedIn(coverage)).toEqual([])
  const server = serve('', { NODE_V8_COVERAGE: coverage })
  const url = await server.url()
  expect(await (await ask(url, 'GET', '')).json()).toMatchObject({ code: 'no_rules', status: 404 })
  writeFileSync(
    join(folder, 'g6.toml'),
    `notify_state = ${JSON.stringify(join(folder, 'notify.state'))}\n${RULE}send = [{ webhook = "${hook.url}" }]`,
  )
  server.signal('SIGHUP')
  const [begun] = await hook.got(1)
  expect(begun === undefined ? null : messageOf(begun)).toMatchObject({ event: 'begin', verdict: 'failing' })
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  expect(loadedIn(coverage)).toEqual(WORDS.slice(0, 1))
})
