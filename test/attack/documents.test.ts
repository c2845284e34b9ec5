// Documents from outside: statuses, stream events, upstream frames, settings. Names with a meaning in JavaScript change
// nothing, depth and size are bounded, and no memory stays behind. Random ones are in any-document.test.ts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createBoardReader } from '../../client/reader.js'
import { createNormaliser } from '../../src/chat/upstream/normalise.js'
import { loadConfig } from '../../src/config/load.js'
import { checkReport } from '../../src/config/report.js'
import { compose } from '../../src/ingest/compose.js'
import { diffStatus } from '../../src/ingest/diff.js'
import { MAX_DEPTH } from '../../src/ingest/json.js'
import { mergeDiff } from '../../src/ingest/merge.js'
import { parseStatusEvent } from '../../src/ingest/parse.js'
import { EMPTY_STATE, MAX_BASELINE_CHARS, reduce } from '../../src/ingest/store.js'
import { thresholdsFrom } from '../../src/panels/thresholds.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'
import { readStatus } from '../../src/sources/read-status.js'
import { deepArrayText, expectCleanPrototypes } from '../support/attack.js'
import { follow } from '../support/followed.js'
import { startStatusServer } from '../support/status-server.js'
import { panelsOf } from '../terminal/support/scenes.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  expectCleanPrototypes()
})

const EVIL = '{"polluted":1,"status":"evil","total":7,"toString":1,"hasOwnProperty":1}'
/** Documents with names that mean something to JavaScript in every place. */
const POISONED = ['__proto__', 'constructor', 'prototype'].flatMap(name => {
  const bad = `"${name}":${name === 'constructor' ? `{"prototype":${EVIL}}` : EVIL}`
  return [
    `{${bad}}`,
    `{"indices":{${bad},"NIFTY":{"ltp":1,${bad}}},"indices_detail":{${bad}}}`,
    `{"alerts":{${bad},"total":1,"severity_counts":{${bad}}},"health":{${bad}},"links":{${bad}}}`,
    `{"alerts":[{${bad}}],"events":[{${bad}}],"performance":{${bad}},"sinks":{"csv":{${bad}},${bad}}}`,
    `{"analytics":{"max_pain":{${bad}},${bad}},"loop":{${bad}},"adaptive":{${bad}},"provider":{${bad}}}`,
  ]
})
const parsed = (text: string): Status => JSON.parse(text) as Status

describe('names that mean something to JavaScript', () => {
  test('in a status are ordinary names: snapshot, panels and health are the same without them', () => {
    for (const text of POISONED) {
      const snapshot = derive(parsed(text))
      expect(snapshot.alerts.total).not.toBe(7)
      expect(JSON.stringify({ ...snapshot, raw: null })).not.toContain('evil')
      expect(JSON.stringify(panelsOf(parsed(text)))).not.toMatch(/evil|panel failed/)
    }
  })
  test('in several statuses merge as ordinary own members', () => {
    const maps = POISONED.filter(text => !text.includes('"alerts":['))
    const all = maps.map((text, i) => ({ name: `s${i}`, status: parsed(text), down: i % 2 === 0 }))
    const composed = compose([
      { name: 'first', status: { alerts: { x: 1 }, indices: {} }, down: true },
      ...all,
    ])
    const { alerts } = composed as { alerts: { total?: unknown; polluted?: unknown } }
    for (const value of [composed, alerts, composed.indices]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    }
    expect(alerts.polluted).toBeUndefined()
  })
  test('in a difference make it refused, in all three forms', () => {
    const base = { a: { b: 1 } }
    for (const text of POISONED) {
      for (const diff of [
        parsed(text),
        { added: parsed(text), removed: [], changed: {} },
        {
          added: {},
          removed: [],
          changed: {},
          nested: { a: { added: parsed(text), removed: [], changed: {} } },
        },
        { added: {}, removed: [], changed: { a: { old: 1, new: parsed(text) } } },
        { panel: 'a', op: 'full', data: parsed(text) },
        { panel: 'a', op: 'diff', data: parsed(text) },
        { panel: '__proto__', op: 'full', data: parsed(text) },
      ]) {
        expect(mergeDiff(base, diff)).toMatchObject({ ok: false })
      }
      expect(diffStatus(base, parsed(text))).toBeNull()
    }
    expect(mergeDiff(base, { added: {}, removed: ['__proto__', 'constructor'], changed: {} })).toEqual({
      ok: true,
      status: base,
    })
  })
  test('in the envelope of an event have no effect', () => {
    for (const text of POISONED) {
      for (const name of ['panel_full', 'panel_diff', 'severity_state', 'followup_alert']) {
        const event = parseStatusEvent(
          name,
          `{"__proto__":{"payload":{"status":{"x":1},"diff":{}}},"x":${text}}`,
        )
        expect(event).toMatchObject({ type: 'bad' })
      }
    }
  })
  test('in the settings file and in JSON settings are unknown names', () => {
    const refused = (input: Parameters<typeof loadConfig>[0]): string => {
      const result = loadConfig(input)
      expect(result.ok || result.warnings.length > 0 ? result.ok : false).toBe(false)
      return checkReport(result, false).text
    }
    for (const text of [
      '__proto__ = 1',
      '[__proto__]\npolluted = 1',
      'constructor.prototype.polluted = 1',
      '"__proto__" = {polluted = 1}',
      'toString = 1',
    ]) {
      expect(refused({ env: {}, file: { path: 'g6.toml', text } })).toContain('is not a setting')
    }
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"__proto__":1}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"toString":1}',
      '{"dq":{"__proto__":{"warn":1}}}',
      '{"__proto__.polluted":1}',
    ]) {
      const loaded = loadConfig({ env: { G6_SUMMARY_THRESH_OVERRIDES: text } })
      expect(loaded.ok && thresholdsFrom({ overrides: loaded.config.summaryThreshOverrides ?? {} }).ok).toBe(
        false,
      )
    }
    const sizes = loadConfig({ env: { G6_PANEL_W___PROTO__: '50', G6_PANEL_W_CONSTRUCTOR: '50' } })
    expect(Object.getPrototypeOf(sizes.ok ? sizes.config.panelW : null)).toBe(Object.prototype)
  })
  test('as panels of a followed server are ordinary panels to the client', () => {
    const reader = createBoardReader()
    const at = { schema_version: 'v1', epoch: 'e', generation: 1, cycle: 1, ts: 1 }
    reader.apply('hello', JSON.stringify({ ...at, resumed: false, keepalive_ms: 1, panels: [] }))
    const outcome = reader.apply(
      'full_snapshot',
      `{"epoch":"e","generation":1,"cycle":1,"ts":1,"panels":{"__proto__":{"title":"t","tone":"ok","hash":"x","lines":[]}}}`,
    )
    expect(outcome).toMatchObject({ ask: 'resync', why: 'mismatch: __proto__' })
  })
})

describe('depth', () => {
  const read = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'g6-deep-'))
    closers.push(() => rm(folder, { recursive: true }))
    const path = join(folder, 'status.json')
    await writeFile(path, text)
    const look = await readStatus({ path, maxBytes: 16e6, nowMs: () => 0 })
    return look.reading === null ? null : look.reading
  }
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

  test('of a status file is bounded; a document within the bound can be served and followed', async () => {
    expect(await read(nested(MAX_DEPTH + 1))).toMatchObject({
      ok: false,
      error: 'too_large',
      message: `it is nested deeper than ${MAX_DEPTH} levels`,
    })
    const reading = await read(nested(MAX_DEPTH))
    if (reading?.ok !== true) throw new Error('a document at the limit must be read')
    const server = await startStatusServer(reading.status)
    closers.push(() => server.close())
    const followed = follow(`${server.url}/events`)
    closers.push(() => followed.close())
    await followed.until(() => followed.ingestor.state.baseline !== null)
    expect(followed.ingestor.state).toMatchObject({ baseline: reading.status, malformed: 0 })
  })
  test.each([
    ['arrays', `{"a":${deepArrayText(2_000_000)}}`],
    ['objects', nested(1_000_000)],
    ['an array that never ends', `{"a":${'['.repeat(4_000_000)}`],
  ])('of millions of levels of %s is an error and nothing else', async (_, text) => {
    expect(await read(text)).toMatchObject({ ok: false })
  })
  test('of events and frames is bounded, in every place', () => {
    const deep = deepArrayText(100_000)
    for (const name of ['panel_full', 'panel_diff', 'severity_state', 'severity_counts', 'followup_alert']) {
      const event = parseStatusEvent(
        name,
        `{"payload":{"status":{"a":${deep}},"diff":{"a":${deep}},"alert_type":"a","alert":{"a":${deep}},"reasons":${deep},"counts":{}}}`,
      )
      expect(event).toMatchObject({ type: 'bad' })
      expect(parseStatusEvent(name, `{"x":${deep},"payload":{}}`).type).toBeDefined()
    }
    for (const frame of [
      `{"type":"metadata","data":{"a":${deep}}}`,
      `{"sources":[{"title":"t","x":${deep}}],"type":"sources","data":${deep}}`,
      `{"type":"token","data":"[METADATA]{\\"a\\":${deepArrayText(5_000)}}"}`,
      deep,
    ]) {
      const normalised = createNormaliser(() => {}).frame({ event: 'message', data: frame, id: '' })
      expect(() => JSON.stringify(normalised)).not.toThrow()
    }
  })
})

describe('size', () => {
  test('of what a stream leaves in memory is bounded: small events, endless differences', () => {
    let state = EMPTY_STATE
    const take = (name: string, payload: object): void => {
      state = reduce(state, parseStatusEvent(name, JSON.stringify({ payload })), 1)
    }
    take('severity_state', { alert_type: 'a', reasons: ['x'.repeat(70_000)] })
    take('followup_alert', { message: 'x'.repeat(70_000) })
    expect(state).toMatchObject({ malformed: 2, followUps: [] })
    expect(state.severityState.size).toBe(0)
    take('panel_full', { status: {} })
    const mega = 'x'.repeat(4 * 1024 * 1024)
    for (let i = 0; i < 20; i++) take('panel_diff', { diff: { [`k${i}`]: mega } })
    expect(JSON.stringify(state.baseline).length).toBeLessThanOrEqual(MAX_BASELINE_CHARS)
    expect(state).toMatchObject({ needFull: true })
    expect(state.needFullReasons).toContain('too_large')
    // The same member again and again adds nothing.
    take('panel_full', { status: {} })
    for (let i = 0; i < 20; i++) take('panel_diff', { diff: { same: mega } })
    expect(state).toMatchObject({ needFull: false })
  })
  test('of a board is bounded, in one event, in an endless group and over many updates', () => {
    const at = { epoch: 'e', generation: 1, cycle: 1, ts: 1 }
    const start = () => {
      const reader = createBoardReader()
      reader.acceptTruncated = true
      reader.apply('hello', JSON.stringify({ ...at, resumed: false, keepalive_ms: 1, panels: [] }))
      return reader
    }
    const panels = (from: number, count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `p${from + i}`,
          { title: 't', tone: 'ok', hash: 'h', lines: [], truncated: true },
        ]),
      )
    expect(start().apply('full_snapshot', JSON.stringify({ ...at, panels: panels(0, 2_001) }))).toMatchObject(
      { why: 'malformed: not a count' },
    )
    const grouped = start()
    const asks = Array.from(
      { length: 4 },
      (_, i) =>
        grouped.apply('full_snapshot', JSON.stringify({ ...at, more: true, panels: panels(i * 600, 600) }))
          .why,
    )
    expect(asks).toEqual([undefined, undefined, undefined, 'malformed: not a count'])
    const updated = start()
    updated.apply('full_snapshot', JSON.stringify({ ...at, panels: panels(0, 1_900) }))
    const updates = Object.entries(panels(1_900, 101)).map(([key, panel]) => ({ key, ...panel }))
    expect(updated.apply('panel_update', JSON.stringify({ ...at, generation: 2, updates }))).toMatchObject({
      why: 'malformed: not a count',
    })
    expect(updated.board?.panels.size).toBe(1_900)
  })
  test('of a token full of markers costs linear time, not quadratic', () => {
    const texts = [
      '[METADATA]{'.repeat(100_000),
      `${'[METADATA]{'.repeat(50_000)}${'}'.repeat(50_000)}`,
      '[METADATA]{"'.repeat(100_000),
      `[METADATA]${'{'.repeat(1_000_000)}`,
    ]
    for (const data of texts) {
      const normaliser = createNormaliser(() => {})
      const startedUs = process.cpuUsage()
      const normalised = normaliser.frame({
        event: 'message',
        data: JSON.stringify({ type: 'token', data }),
        id: '',
      })
      const rest = normaliser.frame({ event: 'message', data: '{"type":"done"}', id: '' })
      const { user } = process.cpuUsage(startedUs)
      const shown = [...normalised, ...rest].map(event => (event.type === 'token' ? event.data : '')).join('')
      expect(shown).toBe(data)
      // Quadratic time took minutes.
      expect(user).toBeLessThan(5e6)
    }
  })
})

test('an id that fits in no header does not block the client: it connects again without the id', async () => {
  for (const id of ['\u0001', '\u007f', '\u0085', 'x'.repeat(100_000)]) {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers['last-event-id']?.toString())
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.end(`id: ${id}\nevent: panel_full\ndata: {"payload":{"status":{"n":1}}}\n\n`)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
    const followed = follow(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events`)
    closers.push(() => followed.close())
    await followed.until(() => followed.events.filter(each => each === 'event panel_full').length >= 2)
    expect(seen.slice(0, 2)).toEqual([undefined, undefined])
    await followed.close()
  }
})
