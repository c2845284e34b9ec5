// Shared by the attack tests: how many cases a fuzz runs, hostile texts, connections that send raw bytes, and
// the allowed form of an answer.
//
// ATTACK_CASES=100000 npx vitest run test/attack src   # more cases; default 10 000 for each fuzz
// A failing case prints its seed and counterexample; it is kept as one of the `examples` of its property.
import { connect } from 'node:net'
import fc from 'fast-check'
import { expect } from 'vitest'
import { errorsPage } from '../../src/contract/errors.js'
import type { Rig } from './http-rig.js'

/** Cases of a fuzz of pure code. */
export const CASES = Number(process.env.ATTACK_CASES ?? 10_000)
/** Cases where each is a connection, or costs as much; where one connection carries several requests, all are CASES. */
export const SOCKET_CASES = Math.ceil(CASES / 5)
/** Time limit of a fuzz: catches a fault, not a slow machine. */
export const FUZZ_LIMIT = { timeout: 300_000 * Math.max(1, CASES / 10_000) }

/** Texts that have broken programs before. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  'line\nforged',
  'line\r\nX-Injected: 1\r\n\r\n',
  '\u001b[2J\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u202eevil\u2066',
  '\u2028\u2029',
  '\ud800',
  '\udc00x',
  '\ufeff',
  '👩‍👩‍👧‍👦',
  `z${'\u0300'.repeat(200)}`,
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%ff',
  '%',
  '<script>alert(1)</script>',
  '"><img src=x>',
  "' OR 1=1 --",
  `\${jndi:ldap://x/y}`,
  '{{7*7}}',
  '-1',
  '1e999',
  '9'.repeat(400),
  'NaN',
  'x'.repeat(5_000),
]

/** Any text: ordinary, of any code units (unpaired surrogates too), or hostile. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map(units => String.fromCharCode(...units)),
  fc.constantFrom(...NASTY),
)

/** Values as JSON gives them: with `__proto__` as an own member, huge numbers, deep nesting. */
export const anyJson: fc.Arbitrary<unknown> = fc
  .oneof(
    { weight: 6, arbitrary: fc.json({ stringUnit: 'binary', maxDepth: 2 }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(anyText, fc.json({ maxDepth: 1 }))
        .map(([key, json]) => `{${JSON.stringify(key)}:${json}}`),
    },
    { weight: 1, arbitrary: fc.constantFrom(1, 63, 64, 65, 66, 2_000).map(deepArrayText) },
    { weight: 1, arbitrary: fc.constantFrom('1e999', '-1e999', '-0', '1e-400', `${'9'.repeat(400)}`) },
  )
  .map((text): unknown => JSON.parse(text))

/** `[[[…]]]`, so many levels. */
export function deepArrayText(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

/** Control characters, unpaired surrogates, line separators and reordering marks. */
export const UNPRINTABLE = /[\p{Cc}\p{Cs}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Code → status, as documented. */
export const DOCUMENTED: ReadonlyMap<string, number> = new Map(
  [...errorsPage().matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, code = '', status]) => [
    code,
    Number(status),
  ]),
)

export type Answer = { readonly status: number; readonly head: string; readonly body: string }

/** The answers in a connection's output, in order; a stream is the last. */
export function answersIn(text: string): readonly Answer[] {
  const answers: Answer[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    expect(rest, 'every answer begins as HTTP').toMatch(/^HTTP\/1\.1 \d{3} /)
    expect(end, 'a head is whole').toBeGreaterThan(0)
    const head = rest.slice(0, end)
    const status = Number(head.slice(9, 12))
    const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1]
    const bodyEnd = status < 200 || status === 204 || status === 304 ? 0 : Number(length ?? rest.length)
    const isHead = length !== undefined && rest.startsWith('HTTP/1.1', end + 4)
    const body = isHead ? '' : rest.slice(end + 4, end + 4 + bodyEnd)
    answers.push({ status, head, body })
    rest = rest.slice(end + 4 + body.length)
  }
  return answers
}

const TELLTALES = /node_modules|\.[cm]?[jt]s:\d|\n\s*at |\\n\s*at |Error:|\/src\/|ENOENT|\bundefined\b/

/** A refusal is one of the table, small, and reveals nothing internal. Returns its code; null for a good answer. */
export function expectDocumented({ status, head, body }: Answer): string | null {
  expect(status, body).not.toBe(500)
  if (status < 400) return null
  expect(head).not.toMatch(TELLTALES)
  if (body === '') return ''
  expect(head.toLowerCase()).toContain('content-type: application/problem+json')
  expect(body.length).toBeLessThan(2_000)
  expect(body).not.toMatch(TELLTALES)
  const { code, status: stated } = JSON.parse(body) as { code: string; status: number }
  expect(DOCUMENTED.get(code), `${code} is documented`).toBe(status)
  expect(stated).toBe(status)
  return code
}

/** Sends bytes, ends its side, and returns all answers. */
export function exchange(port: number, bytes: Buffer | string, localAddress?: string): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const from = localAddress === undefined ? {} : { localAddress }
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...from })
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1')
    })
    // A reset is a valid refusal too.
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(text))
    socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

/** The answers to these bytes, each with its code. */
export async function answersOf(port: number, bytes: string, from?: string) {
  const all = answersIn(await exchange(port, bytes, from))
  return all.map(answer => ({ ...answer, code: expectDocumented(answer) }))
}

/** The code of each answer, or its status where it is not a refusal. */
export async function codesOf(port: number, bytes: string, from?: string) {
  return (await answersOf(port, bytes, from)).map(({ code, status }) => code ?? status)
}

/** An ordinary client gets health, and a stream of its own. */
export async function expectServing(rig: Rig, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const health = await fetch(`${rig.url}/summary/health`, { headers })
  expect(health.status).toBe(200)
  await health.arrayBuffer()
  const stop = new AbortController()
  const plain = { ...headers, 'Accept-Encoding': 'identity' }
  const stream = await fetch(`${rig.url}/summary/events`, { headers: plain, signal: stop.signal })
  expect(stream.status).toBe(200)
  const first = await stream.body?.getReader().read()
  expect(Buffer.from(first?.value ?? []).toString()).toContain(': hi')
  stop.abort()
}

/** Sockets and servers this process has open. */
export function openHandles(): number {
  return process
    .getActiveResourcesInfo()
    .filter(name => /TCP|Pipe|Timeout|FSReq/.test(name) && name !== 'Timeout').length
}

/** After every test with documents from outside: the base prototypes are unchanged. */
export function expectCleanPrototypes(): void {
  expect(Object.keys(Object.prototype)).toEqual([])
  for (const name of ['polluted', 'status', 'total', 'baseline', 'x']) expect(name in {}).toBe(false)
}
