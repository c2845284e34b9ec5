// Documents that others push to the real program, with curl as a person does; and the clock that misses them.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/app/load-settings.js'
import { Program } from '../../src/app/program.js'
import { sourceOf, sourceOfSpecs } from '../../src/app/source.js'
import { silentLog } from '../../src/log/log.js'
import type { SourceSpec } from '../../src/sources/declared.js'
import { PushSource } from '../../src/sources/push.js'
import { eventually } from '../support/eventually.js'
import { Readings } from '../support/readings.js'

const run = promisify(execFile)
const TOKEN = 'a-token-of-those-who-push'
const READERS = 'a-token-of-those-who-read'

let folder: string
const programs: Program[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-push-'))
})
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop()
  rmSync(folder, { recursive: true })
})

function settingsOf(env: Readonly<Record<string, string>>) {
  const files = { G6_PANELS_DIR: join(folder, 'panels'), G6_NO_WRITE_PANELS: '1' }
  const loaded = loadSettings({ env: { G6_UNIFIED_HTTP_PORT: '0', ...files, ...env }, cwd: folder })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  return loaded
}

function programWith(
  source: string | SourceSpec,
  env: Readonly<Record<string, string>> = { G6_PUSH_TOKEN: TOKEN },
): Program {
  const program = new Program({
    loaded: settingsOf(env),
    command: 'serve',
    source: typeof source === 'string' ? sourceOf([source]) : parts => sourceOfSpecs([source], parts),
    log: silentLog,
  })
  programs.push(program)
  return program
}

async function serving(...given: Parameters<typeof programWith>) {
  const program = programWith(...given)
  const [listening] = await program.start()
  return { program, url: listening?.url ?? '' }
}

/** Status and body of the answer to a curl with these words. */
async function curl(...words: readonly string[]): Promise<readonly [status: number, body: string]> {
  const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code}', ...words])
  const at = stdout.lastIndexOf('\n')
  return [Number(stdout.slice(at + 1)), stdout.slice(0, at)]
}

const push = (url: string, body: string, ...more: readonly string[]) =>
  curl(
    '-X',
    'PUT',
    '-H',
    `Authorization: Bearer ${TOKEN}`,
    '-H',
    'Content-Type: application/json',
    '-d',
    body,
    ...more,
    url,
  )
const patch = (url: string, body: string) =>
  curl(
    '-H',
    `Authorization: Bearer ${TOKEN}`,
    '-H',
    'Content-Type: application/merge-patch+json',
    '-d',
    body,
    url,
  )
const statusOf = (program: Program) => {
  const { reading } = program.loop.latest ?? {}
  return reading?.ok ? reading.status : null
}

describe('a push', () => {
  test('replaces the document, and a patch changes it', async () => {
    const { program, url } = await serving('push:jobs')
    const file = join(folder, 'status.json')
    writeFileSync(file, '{"status":"ok","a":{"b":1,"c":2}}')
    // As `curl -T` sends it: without a type.
    expect(await curl('-T', file, '-H', `Authorization: Bearer ${TOKEN}`, `${url}/push/jobs`)).toEqual([
      204,
      '',
    ])
    await eventually(() => statusOf(program), 'the document')
    expect(
      await patch(`${url}/push/jobs`, '{"a":{"b":null,"d":3},"panel":"x","op":"full","data":1}'),
    ).toEqual([204, ''])
    const wanted = { status: 'ok', a: { c: 2, d: 3 }, panel: 'x', op: 'full', data: 1 }
    await eventually(() => statusOf(program)?.data === 1, 'the change')
    expect(statusOf(program)).toEqual(wanted)
  })

  test('is refused in words, before its body is read', async () => {
    const { program, url } = await serving('push:jobs', {
      G6_PUSH_TOKEN: TOKEN,
      G6_SSE_API_TOKEN: READERS,
      G6_STATUS_MAX_BYTES: '2000',
    })
    const jobs = `${url}/push/jobs`
    const as = (...words: readonly string[]) => curl('-X', 'PUT', '-d', '{}', ...words)
    const json = ['-H', 'Content-Type: application/json']
    const mine = ['-H', `Authorization: Bearer ${TOKEN}`]
    const refusals: readonly (readonly [Promise<readonly [number, string]>, number, string])[] = [
      [as(...json, jobs), 401, 'token_missing'],
      [as(...json, '-H', 'Authorization: Bearer wrong', jobs), 401, 'token_wrong'],
      // The token of readers reads, and does not push.
      [as(...json, '-H', `Authorization: Bearer ${READERS}`, jobs), 401, 'token_wrong'],
      [as(...json, '-H', `X-API-Token: ${READERS}`, jobs), 401, 'token_missing'],
      [as(...json, ...mine, `${url}/push/other`), 404, 'push_unknown'],
      [as(...mine, jobs), 415, 'unsupported_media_type'],
      [as(...json, ...mine, '-H', 'Content-Encoding: gzip', jobs), 415, 'unsupported_media_type'],
      [push(jobs, `"${'x'.repeat(3000)}"`), 413, 'body_too_large'],
      [push(jobs, '{"a":'), 400, 'invalid_document'],
      [push(jobs, ''), 400, 'invalid_document'],
      [push(jobs, '7'), 400, 'invalid_document'],
      [patch(jobs, '{"__proto__":{"a":1}}'), 400, 'invalid_document'],
      [curl('-X', 'DELETE', ...mine, jobs), 405, 'method_not_allowed'],
    ]
    for (const [answer, status, code] of refusals) {
      const [got, body] = await answer
      expect([got, JSON.parse(body).code]).toEqual([status, code])
      expect(body).not.toContain(TOKEN)
    }
    expect(statusOf(program)).toBeNull()
    // And the token of senders does not read.
    expect((await curl(...mine, `${url}/summary/resync`))[0]).toBe(401)
  })

  test('may come so often, and a page of another site may not send one', async () => {
    const { url } = await serving('push:jobs', { G6_PUSH_TOKEN: TOKEN, G6_PUSH_RATE: '3/60' })
    const jobs = `${url}/push/jobs`
    expect((await push(jobs, '{}', '-H', 'Sec-Fetch-Site: cross-site'))[0]).toBe(403)
    for (const wanted of [204, 204, 204, 429]) expect((await push(jobs, '{}'))[0]).toBe(wanted)
    const [, head] = await push(jobs, '{}', '-i')
    expect(head).toMatch(/^retry-after: \d+/im)
  })

  test('wrong tokens are slowed down where readers need none', async () => {
    const { url } = await serving('push:jobs')
    const guess = () => curl('-X', 'PUT', '-H', 'Authorization: Bearer no', '-d', '{}', `${url}/push/jobs`)
    for (let i = 0; i < 10; i++) expect((await guess())[0]).toBe(401)
    expect((await guess())[0]).toBe(429)
    expect((await push(`${url}/push/jobs`, '{}'))[0]).toBe(204)
  })
})

test('without a token of its own there is no push', () => {
  expect(() => programWith('push:jobs', {})).toThrow(
    /push:jobs needs a token for its senders: set G6_PUSH_TOKEN/,
  )
  const both = { G6_PUSH_TOKEN: READERS, G6_SSE_API_TOKEN: READERS }
  expect(() => programWith('push:jobs', both)).toThrow(/is the token of readers/)
  const spec = { kind: 'push', target: 'jobs', token: { file: '/nowhere' } } as const
  expect(() => programWith(spec)).toThrow(/the token of push:jobs: its file cannot be read \(ENOENT\)/)
})

test('a token in a file may change, and one that is gone stays in force', async () => {
  const file = join(folder, 'token')
  writeFileSync(file, 'first-token-of-some-length')
  const { url } = await serving({ kind: 'push', target: 'jobs', token: { file } })
  const as = (token: string) =>
    curl(
      '-X',
      'PUT',
      '-H',
      `Authorization: Bearer ${token}`,
      '-H',
      'Content-Type: application/json',
      '-d',
      '{}',
      `${url}/push/jobs`,
    )
  expect((await as('first-token-of-some-length'))[0]).toBe(204)
  writeFileSync(file, 'other-token-of-some-length')
  expect((await as('first-token-of-some-length'))[0]).toBe(401)
  expect((await as('other-token-of-some-length'))[0]).toBe(204)
  rmSync(file)
  expect((await as('other-token-of-some-length'))[0]).toBe(204)
})

test('a push that does not come is a fault, until one comes', async () => {
  let expired: (() => void) | null = null
  let cancelled = 0
  const source = new PushSource({
    target: 'jobs',
    token: () => Promise.resolve(TOKEN),
    expectMs: 60_000,
    maxBytes: 1000,
    timers: {
      after: (ms, expire) => {
        expect(ms).toBe(60_000)
        expired = expire
        return () => void cancelled++
      },
    },
  })
  const readings = new Readings(source)
  const expire = (): void => expired?.()
  expire()
  expect(await readings.bad()).toMatchObject({
    error: 'timeout',
    message: expect.stringMatching(/nothing was pushed within 60 s/),
  })
  expect(await source.replace(Buffer.from('{"a":1}'))).toBeNull()
  expect(await readings.good()).toMatchObject({ status: { a: 1 }, everyMs: 60_000 })
  expire()
  expect(await readings.bad()).toMatchObject({ error: 'timeout' })
  await source.close()
  expect(await source.replace(Buffer.from('{}'))).toEqual({ kind: 'busy' })
  expect(cancelled).toBe(2)
})

test('of two pushes at once the second has to wait', async () => {
  let finish: (() => void) | undefined
  const source = new PushSource({
    target: 'jobs',
    token: () => Promise.resolve(TOKEN),
    expectMs: null,
    maxBytes: 1000,
    documents: {
      read: () => new Promise(resolve => (finish = () => resolve({ ok: true, status: {}, warnings: [] }))),
      close: () => Promise.resolve(),
    },
  })
  const first = source.replace(Buffer.from('{}'))
  expect(await source.merge(Buffer.from('{}'))).toEqual({ kind: 'busy' })
  finish?.()
  expect(await first).toBeNull()
  await source.close()
})
