// Runs what docs/chat.md prints, unchanged: the test sets only ports, folder and the place of `g6`.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRollout } from '../../src/chat/limits/rollout.js'
import { pageOf } from '../docs/pages.js'
import { freePort } from '../support/free-port.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CLI = join(ROOT, 'dist/program/g6.js')

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-chat-page-'))
  await writeFile(join(folder, 'g6'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  await chmod(join(folder, 'g6'), 0o755)
})
afterEach(() => rm(folder, { recursive: true }))

async function page() {
  return pageOf('docs/chat.md', await readFile(join(ROOT, 'docs/chat.md'), 'utf8'))
}

/** Runs it in the folder; resolves with its exit code and standard output. */
function bash(
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly [number | null, string]> {
  const child = spawn('bash', ['-c', text], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    out += piece
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve([code, out]))
  })
}

test('the first try gives a whole answer', async () => {
  const block = (await page()).blocks.find(({ lines }) => lines[0]?.startsWith('g6 mock-upstream'))
  const [backend, server] = [await freePort(), await freePort()]
  const asked = (block?.lines ?? [])
    .join('\n')
    .replaceAll('8000', String(backend))
    .replaceAll('9329', String(server))
    .replace('g6 serve', `g6 serve --port ${server} > log.txt`)
  const [code, out] = await bash(`${asked}\nanswered=$?; kill $(jobs -p); wait; exit $answered`)
  expect(code).toBe(0)
  expect(out).toMatch(/"type":"metadata"[\s\S]*"type":"token"[\s\S]*"type":"done"/)
})

test('the HMAC of a listed user is the one the rollout knows', async () => {
  const command = (await page()).spans.find(span => span.startsWith('printf '))
  const key = 'key-of-the-audit-trail'
  const [code, out] = await bash(command ?? 'false', { G6_AUDIT_KEY: key })
  expect(code).toBe(0)
  const users = [out.trim().split(' ').at(-1) ?? '']
  const rollout = createRollout({
    settings: () => ({
      enableSseStreaming: true,
      enableSseStreamingPercentage: 0,
      enableSseStreamingUsers: users,
    }),
    hmacKey: Buffer.from(key),
  })
  const caller = (email: string) => ({
    person: { key: 'iss|7', email, role: null, tokenId: 't' },
    relayKey: null,
    addressKey: '127.0.0.1',
    key: 'u:iss|7',
  })
  expect(rollout.allows(caller('Ann@example.org'))).toBe(true)
  expect(rollout.allows(caller('bob@example.org'))).toBe(false)
})

test('the snippet for nginx is the one that ships', async () => {
  const printed = (await page()).blocks.find(({ info }) => info === 'nginx')?.lines ?? []
  const shipped = await readFile(join(ROOT, 'deploy/nginx/chat.conf'), 'utf8')
  const directives = (lines: readonly string[]) =>
    lines.map(line => line.replace(/#.*$/, '').trim()).filter(line => line !== '')
  expect(printed.length).toBeGreaterThan(5)
  expect(directives(printed)).toEqual(directives(shipped.split('\n')))
})
