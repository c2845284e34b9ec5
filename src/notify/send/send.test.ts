// Senders with real receivers: HTTP and SMTP over sockets, commands as processes.
import { createHmac } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type HookReceiver, hookReceiver } from '../../../test/support/hook-receiver.js'
import { type SmtpSink, smtpSink } from '../../../test/support/smtp-sink.js'
import type { NotifyTarget } from '../../config/notify-targets.js'
import type { Notification } from '../message.js'
import { createSender, targetId } from './sender.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-send-'))
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
let hook: HookReceiver
let other: HookReceiver
let sink: SmtpSink
beforeAll(async () => {
  hook = await hookReceiver()
  other = await hookReceiver()
  sink = await smtpSink()
})
afterEach(() => {
  hook.received.length = 0
  other.received.length = 0
  hook.answer = () => ({ status: 200 })
  sink.refuse = null
})
afterAll(async () => {
  await Promise.all([hook.close(), other.close(), sink.close()])
  rmSync(folder, { recursive: true, force: true })
})

const MESSAGE: Notification = {
  ...{ schema_version: 'v1', id: 'down.1.x.begin', incident: 'down.1.x', rule: 'down', event: 'begin' },
  ...{ title: 'down: <!channel> é', condition: "verdict != 'healthy'", verdict: 'failing' },
  ...{ reasons: ['Provider: down & out', '@everyone'], at: 1_700_000_000_000, since: 1_699_999_880_000 },
  ...{ lasted_sec: 120, repeats: 0, link: 'https://board.example/' },
}
const errors: string[] = []

async function send(target: NotifyTarget, given: Partial<Notification> = {}, signal?: AbortSignal) {
  const sender = createSender(target, {
    ...{ userAgent: 'g6-stream/test', nowMs: () => 1_700_000_123_456, env: process.env, timeoutMs: 2_000 },
    onErrors: (command, text) => errors.push(`${command}: ${text}`),
  })
  try {
    return await sender.send({ ...MESSAGE, ...given }, signal ?? new AbortController().signal)
  } finally {
    await sender.close()
  }
}

const webhook = (url: string, more: object = {}): NotifyTarget => ({
  ...{ kind: 'webhook', url, format: 'json', secretFile: null, keyFile: null, chat: null },
  ...more,
})

describe('a webhook', () => {
  test('gets the message with its id, signed over time and body', async () => {
    const secret = fileOf('secret', 'of-the-test\n')
    expect(await send(webhook(`${hook.url}/a?token=x`, { secretFile: secret }))).toEqual({ ok: true })
    const [got] = hook.received
    expect(got?.path).toBe('/a?token=x')
    expect(JSON.parse(got?.body ?? '')).toEqual(MESSAGE)
    expect(got?.headers).toMatchObject({
      'x-g6-notification-id': MESSAGE.id,
      'user-agent': 'g6-stream/test',
      'content-type': 'application/json; charset=utf-8',
    })
    const mac = createHmac('sha256', 'of-the-test').update(`1700000123.${got?.body}`).digest('hex')
    expect(got?.headers['x-g6-signature']).toBe(`t=1700000123,v1=${mac}`)
  })

  test('may have its URL in a file, which is read for each message', async () => {
    const url = { file: fileOf('url', `${hook.url}/one\n`) }
    await send(webhook('', { url }))
    writeFileSync(url.file, `${hook.url}/two`)
    await send(webhook('', { url }))
    expect(hook.received.map(({ path }) => path)).toEqual(['/one', '/two'])
    writeFileSync(url.file, 'ftp://x')
    expect(await send(webhook('', { url }))).toEqual({
      ok: false,
      why: 'its file has no URL that can be used',
    })
  })

  test.each([
    [{ status: 500 }, { ok: false, why: 'status 500' }],
    [{ status: 404 }, { ok: false, why: 'status 404' }],
    [{ status: 400 }, { ok: false, why: 'status 400', isFinal: true }],
    [
      { status: 429, headers: { 'Retry-After': '7' } },
      { ok: false, why: 'status 429', waitMs: 7_000 },
    ],
    ['hang' as const, { ok: false, why: 'no answer in time' }],
  ])('that answers %j', async (answer, outcome) => {
    hook.answer = () => answer
    expect(await send(webhook(hook.url))).toEqual(outcome)
  })

  test('that is not there', async () => {
    const gone = await hookReceiver()
    await gone.close()
    expect(await send(webhook(gone.url))).toEqual({ ok: false, why: 'ECONNREFUSED' })
  })

  test('is followed on the same host only, and only where the request stays one', async () => {
    const to = (location: string, status = 308) => {
      hook.answer = ({ path }) =>
        path === '/new' ? { status: 200 } : { status, headers: { Location: location } }
    }
    to('/new')
    expect(await send(webhook(`${hook.url}/old`))).toEqual({ ok: true })
    to('/new', 302)
    expect(await send(webhook(`${hook.url}/old`))).toMatchObject({ ok: false })
    to(`${other.url}/new`)
    expect(await send(webhook(`${hook.url}/old`))).toMatchObject({ ok: false })
    to('/again')
    expect(await send(webhook(`${hook.url}/old`))).toEqual({ ok: false, why: 'too many redirects' })
    expect(other.received).toEqual([])
  })
})

describe('the form', () => {
  async function bodyOf(more: object, given: Partial<Notification> = {}): Promise<unknown> {
    await send(webhook(hook.url, more), given)
    return JSON.parse(hook.received.at(-1)?.body ?? '')
  }

  test('of Slack mentions nobody', async () => {
    expect(await bodyOf({ format: 'slack' })).toEqual({
      text: "down: &lt;!channel&gt; é\nverdict != 'healthy'\n- Provider: down &amp; out\n- @everyone\nhttps://board.example/",
    })
  })

  test('of Discord mentions nobody', async () => {
    expect(await bodyOf({ format: 'discord' }, { event: 'end' })).toEqual({
      content: expect.stringContaining('It lasted 2 min.'),
      allowed_mentions: { parse: [] },
    })
  })

  test('of Telegram names the chat', async () => {
    expect(await bodyOf({ format: 'telegram', chat: '-100' })).toMatchObject({
      chat_id: '-100',
      text: expect.stringContaining('Provider: down & out'),
    })
  })

  test('of PagerDuty opens and resolves one incident', async () => {
    const keyFile = fileOf('key', 'routing')
    const opened = await bodyOf({ format: 'pagerduty', keyFile })
    expect(opened).toMatchObject({
      ...{ routing_key: 'routing', event_action: 'trigger', dedup_key: MESSAGE.incident },
      payload: { severity: 'critical', timestamp: '2023-11-14T22:13:20.000Z', component: 'down' },
    })
    const over = await bodyOf({ format: 'pagerduty', keyFile }, { event: 'end' })
    expect(over).toMatchObject({ event_action: 'resolve', dedup_key: MESSAGE.incident })
  })

  test('of ntfy has title and link in headers', async () => {
    const tokenFile = fileOf('token', 'tk')
    expect(await send({ kind: 'ntfy', url: `${hook.url}/ops`, tokenFile })).toEqual({ ok: true })
    const [got] = hook.received
    expect(got?.body).toContain('- Provider: down & out')
    expect(got?.headers).toMatchObject({
      authorization: 'Bearer tk',
      title: `=?UTF-8?B?${Buffer.from(MESSAGE.title).toString('base64')}?=`,
      click: 'https://board.example/',
      priority: '4',
    })
  })
})

describe('a command', () => {
  function script(text: string): string {
    const path = fileOf(`script-${targetId(webhook(`http://${text.length}`))}.sh`, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  const exec = (command: readonly string[], timeoutMs = 5_000): NotifyTarget => ({
    kind: 'exec',
    command,
    timeoutMs,
  })

  test('gets the message on standard input, its own arguments, and little of the environment', async () => {
    const out = join(folder, 'out')
    const path = script(`{ cat; echo "$@"; env | cut -d= -f1 | sort | tr '\\n' ' '; } > "${out}"`)
    expect(await send(exec([path, '--', 'a b']))).toEqual({ ok: true })
    const [json = '', args, names = ''] = readFileSync(out, 'utf8').split('\n')
    expect(JSON.parse(json)).toEqual(MESSAGE)
    expect(args).toBe('-- a b')
    expect(names.split(' ')).not.toContain('NODE_ENV')
  })

  test('that fails is sent again later, and the log has its reason', async () => {
    expect(await send(exec([script('echo first >&2; echo no pager >&2; exit 3')]))).toEqual({
      ok: false,
      why: 'exit code 3',
    })
    expect(errors.at(-1)).toContain('no pager')
    expect(await send(exec([join(folder, 'nothing')]))).toEqual({
      ok: false,
      why: 'it cannot be run (ENOENT)',
    })
  })

  test('that reads nothing may still succeed', async () => {
    expect(
      await send(exec(['/bin/true']), { reasons: Array.from({ length: 8 }, () => 'x'.repeat(300)) }),
    ).toEqual({ ok: true })
  })

  test('ends at its time, with what it started', async () => {
    expect(await send(exec(['/bin/sh', '-c', 'sleep 60 & sleep 60'], 200))).toEqual({
      ok: false,
      why: 'it has not ended in time',
    })
  })

  test('ends when the server stops', async () => {
    const stop = new AbortController()
    const sent = send(exec(['/bin/sleep', '60']), {}, stop.signal)
    stop.abort()
    expect(await sent).toEqual({ ok: false, why: 'it was stopped' })
  })
})

describe('a mail', () => {
  const smtp = (url: string, auth = {}): NotifyTarget => ({
    ...{ kind: 'smtp', url, from: 'g6@example.org', to: ['ops@example.org', 'b@example.org'] },
    ...{ user: null, passwordFile: null },
    ...auth,
  })

  test('has the id of the message as Message-ID', async () => {
    expect(await send(smtp(sink.url))).toEqual({ ok: true })
    const [mail] = sink.mails
    expect(mail?.from).toContain('<g6@example.org>')
    expect(mail?.to).toHaveLength(2)
    expect(mail?.text).toContain(`Message-ID: <${MESSAGE.id}@g6-stream>`)
    expect(mail?.text).toContain('Provider: down & out')
  })

  test('that the server refuses is sent again later, or never', async () => {
    sink.refuse = '451 later'
    expect(await send(smtp(sink.url))).toEqual({ ok: false, why: 'status 451' })
    sink.refuse = '554 never'
    expect(await send(smtp(sink.url))).toEqual({ ok: false, why: 'status 554', isFinal: true })
  })

  test('with a password goes over no connection that others can read', async () => {
    const passwordFile = fileOf('password', 'pw')
    const given = await send(smtp(sink.url, { user: 'u', passwordFile }))
    expect(given).toMatchObject({ ok: false })
    expect(sink.mails.length).toBe(1)
  })

  test('to a server that is not there', async () => {
    const gone = await smtpSink()
    await gone.close()
    expect(await send(smtp(gone.url))).toMatchObject({
      ok: false,
      why: expect.stringMatching(/ECONNREFUSED|ESOCKET/),
    })
  })
})

test('a target keeps its name over a restart, and another one has another', () => {
  const one = webhook('https://a.example/x')
  expect(targetId(one)).toBe(targetId({ ...one }))
  expect(targetId(one)).not.toBe(targetId(webhook('https://a.example/y')))
  expect(targetId(one)).not.toContain('a.example')
})
