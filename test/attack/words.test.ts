// Text from outside on its way to people: log lines, terminal, plain text. It must not forge a line, control the terminal
// or reverse text, whether it comes from a client, a status or a followed server.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { panelHash } from '../../src/board/hash.js'
import type { CycleResult } from '../../src/engine/cycle.js'
import { createLog, type Log } from '../../src/log/log.js'
import { plainFrame } from '../../src/outputs/plain.js'
import { Painter } from '../../src/outputs/terminal/draw/paint.js'
import { lineText } from '../../src/outputs/terminal/draw/run.js'
import { wholeFrame } from '../../src/outputs/terminal/write/frame-diff.js'
import { looksOf } from '../../src/outputs/terminal/write/sgr.js'
import { BoardFollower } from '../../src/sources/board.js'
import { createFileSource } from '../../src/sources/file.js'
import { SseIngestor } from '../../src/sources/sse.js'
import { anyJson, anyText, CASES, exchange, NASTY, UNPRINTABLE } from '../support/attack.js'
import { eventually } from '../support/eventually.js'
import { raw, startRig } from '../support/http-rig.js'
import { panelsOf, resultOf, SETTINGS, sceneOf } from '../terminal/support/scenes.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function heard(format: 'json' | 'pretty'): { readonly log: Log; readonly text: () => string } {
  let text = ''
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString()
      done()
    },
  })
  return { log: createLog({ level: 'trace', format, destination }), text: () => text }
}

const ESCAPE = '\u001b'
/** Everything but the line feeds that end lines. */
const unprintableIn = (text: string): string | null =>
  UNPRINTABLE.exec(text.replaceAll('\n', ''))?.[0] ?? null

describe('a log line', () => {
  test('in JSON is one line with the same content and nothing raw, whatever the text', () => {
    const { log, text } = heard('json')
    let from = 0
    const law = (words: string): void => {
      log.warn({ words, [words]: { deep: [words] } }, words)
      const written = text().slice(from)
      from = text().length
      expect(written.indexOf('\n')).toBe(written.length - 1)
      expect(unprintableIn(written)).toBeNull()
      const line = JSON.parse(written) as { words: string; msg: string }
      // Unpaired surrogates are lost on their way to bytes.
      const wanted = Buffer.from(words).toString()
      for (const logged of [line.words, line.msg]) expect(Buffer.from(logged).toString()).toBe(wanted)
    }
    for (const words of NASTY.filter(each => each !== 'msg')) law(words)
    fc.assert(fc.property(anyText, law), { numRuns: Math.ceil(CASES / 5) })
  })
  test('in text form forges no second line', () => {
    const { log, text } = heard('pretty')
    let from = 0
    const law = (words: string): void => {
      log.warn({ words, err: new Error(words) }, words)
      const written = text().slice(from)
      from = text().length
      expect(unprintableIn(written)).toBeNull()
      const begins = written.split('\n').filter(line => /^\S/.test(line))
      expect(begins).toHaveLength(1)
      expect(begins[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: /)
    }
    for (const words of NASTY) law(words)
    fc.assert(fc.property(anyText, law), { numRuns: Math.ceil(CASES / 20) })
  })
  test('about a refused request has nothing from the client but a checked id', async () => {
    const rig = await startRig({ sseApiToken: 'right', trustProxy: ['127.0.0.1'], sseUaAllow: ['good'] })
    closers.push(() => rig.close())
    const latin = (text: string): string => Buffer.from(text.replace(/[\r\n\0]/g, '')).toString('latin1')
    for (const words of NASTY) {
      const value = latin(`MARK${words}`)
      const headers = {
        'X-Request-ID': value,
        'User-Agent': value,
        'X-Forwarded-For': value,
        Cookie: value,
        Referer: value,
        'Last-Event-ID': value,
        'X-API-Token': value,
        Authorization: `Bearer ${value}`,
      }
      const query = encodeURIComponent(Buffer.from(`MARK${words}`).toString())
      await exchange(rig.port, raw(`GET /summary/events?panels=${query}`, headers))
      await exchange(
        rig.port,
        raw(`GET /summary/events?ticket=${query}`, { 'X-API-Token': 'right', 'User-Agent': value }),
      )
      await exchange(rig.port, raw(`GET /MARK${query}`, headers))
    }
    const lines = rig.logged()
    expect(lines.length).toBeGreaterThan(20)
    for (const line of lines) {
      const { requestId, ...rest } = line
      expect(String(requestId)).toMatch(/^[A-Za-z0-9._-]{1,120}$/)
      expect(JSON.stringify(rest)).not.toContain('MARK')
      expect(unprintableIn(JSON.stringify(line))).toBeNull()
    }
  })
})

/** A server that answers every request with this head and body. */
async function answering(head: Readonly<Record<string, string>>, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(200, head).end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** A board as a server with these texts would send it, with valid hashes. */
function boardOf(
  panels: readonly { key: string; title: string; lines: string[]; blocks?: unknown }[],
  epoch = 'e1',
) {
  const full = panels.map(({ key, ...panel }): [string, object] => [
    key,
    { ...panel, tone: 'ok', hash: panelHash({ key, ...panel, tone: 'ok' }) },
  ])
  const at = { schema_version: 'v1', epoch, generation: 1, cycle: 1, ts: 1_000 }
  return (
    event('hello', { ...at, resumed: false, keepalive_ms: 15_000, panels: [] }) +
    event('full_snapshot', { ...at, panels: Object.fromEntries(full) })
  )
}

async function followed(body: string): Promise<BoardFollower> {
  const url = await answering({ 'Content-Type': 'text/event-stream' }, body)
  const follower = new BoardFollower({ url })
  closers.push(() => follower.close())
  await new Promise<void>(resolve =>
    follower.start(() => {
      if (follower.news.board !== null || follower.news.fault !== null) resolve()
    }),
  )
  return follower
}

function onScreen(result: CycleResult): string {
  const painter = new Painter({ settings: SETTINGS, clockMs: () => 0 })
  const { frame } = painter.paint(sceneOf(result, { size: { width: 160, height: 60 } }))
  expect(unprintableIn(frame.lines.map(lineText).join('\n'))).toBeNull()
  return wholeFrame(frame, { looks: looksOf('dark', 8), utf8: true })
}

describe("another server's board", () => {
  test('reaches terminal, plain text and readers without control sequences', async () => {
    const panels = NASTY.map((words, i) => ({
      key: `p${i}`,
      title: `title ${words}`,
      lines: [`line ${words}`, words],
      blocks: [
        { kind: 'text', text: words },
        { kind: 'fields', items: [{ label: words, text: words }] },
        { kind: 'table', columns: [{ label: words }], rows: [[{ text: words }]] },
      ],
    }))
    const { news } = await followed(boardOf(panels))
    expect(news.board?.panels).toHaveLength(NASTY.length)
    for (const panel of news.board?.panels ?? []) {
      expect(unprintableIn(JSON.stringify(panel))).toBeNull()
      for (const text of [panel.title, ...panel.lines]) expect(text).not.toMatch(/[\n\p{Cc}]/u)
      expect(panel.hash).toBe(panelHash(panel))
      const result = resultOf([panel])
      expect(unprintableIn(plainFrame(result, 80, 'UTC'))).toBeNull()
      const drawn = onScreen(result).replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*[mHJXG]`, 'g'), '')
      expect(drawn).not.toContain(ESCAPE)
    }
  })
  test('without blocks is drawn line by line', async () => {
    const { news } = await followed(boardOf([{ key: 'a', title: 'A', lines: ['one', 'two'] }]))
    expect(news.board?.panels[0]?.blocks).toEqual([
      { kind: 'text', text: 'one' },
      { kind: 'text', text: 'two' },
    ])
  })
  test('has no panel whose key looks like another name', async () => {
    const good = ['indices', 'a-b.c_9']
    const keys = [...NASTY, ...good, 'x'.repeat(65), 'a b', 'a"b', 'a,b', '9a']
    const { news } = await followed(boardOf(keys.map(key => ({ key, title: 'T', lines: [] }))))
    expect(news.board?.panels.map(({ key }) => key)).toEqual(
      keys.filter(
        key => /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(key) && !['constructor', 'prototype'].includes(key),
      ),
    )
  })
  test.each(['e\r\nX-Injected: 1', 'e 1', '"', 'ä', '', 'x'.repeat(81)])(
    'with an epoch %j, which fits in no id and no header, is a fault',
    async epoch => {
      const { news } = await followed(boardOf([{ key: 'a', title: 'A', lines: [] }], epoch))
      expect(news).toMatchObject({ board: null, fault: { error: 'io' } })
    },
  )
})

test('a followed producer’s head is reported in clean and bounded text', async () => {
  const nasty = `text/\u009b31m${'x'.repeat(5_000)}`
  const url = await answering({ 'Content-Type': nasty }, 'page')
  const { log, text } = heard('pretty')
  const ingestor = new SseIngestor({ url: `${url}/events`, log })
  closers.push(() => ingestor.close())
  const message = await new Promise<string>(resolve =>
    ingestor.start(reading => resolve(reading.ok ? '' : reading.message)),
  )
  expect(message).toMatch(/^not an event stream/)
  expect(message.length).toBeLessThan(300)
  expect(unprintableIn(message)).toBeNull()
  expect(text()).toContain('the stream is lost')
  expect(unprintableIn(text())).toBeNull()
})

describe('a status', () => {
  const KEYS = [
    'app',
    'name',
    'version',
    'indices',
    'NIFTY',
    'ltp',
    'status',
    'alerts',
    'events',
    'message',
    'component',
    'level',
    'health',
    'components',
    'links',
    'performance',
    'sinks',
    'csv',
    'provider',
    'market',
    'analytics',
    'max_pain',
    'loop',
    'errors',
    'env',
  ]
  const value = fc.oneof(anyText, fc.integer(), anyJson)
  const status = fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.oneof(
      value,
      fc.array(fc.oneof(value, fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 })), {
        maxLength: 4,
      }),
      fc.dictionary(
        fc.oneof(fc.constantFrom(...KEYS), anyText),
        fc.oneof(value, fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 })),
        { maxKeys: 6 },
      ),
    ),
    { maxKeys: 10 },
  )
  test('with any text makes panels of clean lines', () => {
    fc.assert(
      fc.property(status, given => {
        const panels = panelsOf(given)
        expect(panels.map(({ lines }) => lines[0] ?? '').join(' ')).not.toContain('panel failed')
        expect(unprintableIn(JSON.stringify(panels))).toBeNull()
        for (const { title, lines } of panels) {
          for (const text of [title, ...lines]) expect(text).not.toMatch(/[\n\p{Cc}]/u)
        }
      }),
      { numRuns: Math.ceil(CASES / 5), examples: [[{ performance: { '\u202eevil\u2066': 0 } }]] },
    )
  })
  test('that cannot be read is reported without its content', async () => {
    const { log, text } = heard('json')
    const path = new URL('../fixtures/status-full.json/MARK', import.meta.url).pathname
    const source = createFileSource({ path, maxBytes: 1_000, log })
    closers.push(() => source.close())
    source.start(() => {})
    await eventually(() => text() !== '', 'a line')
    expect(text()).toContain('there is no such file')
    expect(text()).not.toContain('MARK')
  })
})
