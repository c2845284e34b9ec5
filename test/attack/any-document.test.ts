// Random documents from outside: none throws, grows without bound, or produces text that cannot be shown. Hand-made ones are
// in documents.test.ts.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createBoardReader } from '../../client/reader.js'
import { createNormaliser } from '../../src/chat/upstream/normalise.js'
import { loadConfig } from '../../src/config/load.js'
import { checkReport, configReport } from '../../src/config/report.js'
import { StatusHub } from '../../src/hub/status-hub.js'
import { mergeDiff } from '../../src/ingest/merge.js'
import { parseStatusEvent } from '../../src/ingest/parse.js'
import { EMPTY_STATE, reduce } from '../../src/ingest/store.js'
import { derive } from '../../src/snapshot/derive.js'
import { createSseParser } from '../../src/sse/parse.js'
import {
  anyJson,
  anyText,
  CASES,
  expectCleanPrototypes,
  FUZZ_LIMIT,
  SOCKET_CASES,
  UNPRINTABLE,
} from '../support/attack.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  expectCleanPrototypes()
})

describe('any document', () => {
  const objectText = anyJson.map(value => JSON.stringify(value) ?? 'null')
  const payload = fc.oneof(
    anyJson,
    fc.dictionary(
      fc.constantFrom(
        'status',
        'diff',
        'truncated',
        'alert_type',
        'active',
        'counts',
        'alert',
        'severity',
        'message',
        'ts',
        'index',
        'severity_counts',
        '__proto__',
      ),
      anyJson,
    ),
  )
  const envelope = fc.dictionary(
    fc.constantFrom('id', 'sequence', 'type', 'timestamp', 'generation', 'stream_id', 'payload', '__proto__'),
    fc.oneof(payload, fc.integer(), anyText),
  )
  const TYPES = [
    'panel_full',
    'panel_diff',
    'severity_state',
    'severity_counts',
    'followup_alert',
    'other',
    '__proto__',
    '',
  ]

  test('as stream events keeps the state valid and bounded', FUZZ_LIMIT, () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(...TYPES),
            fc.oneof(
              objectText,
              envelope.map(each => JSON.stringify(each)),
              anyText,
            ),
          ),
          { maxLength: 4 },
        ),
        events => {
          let state = EMPTY_STATE
          for (const [name, data] of events) {
            state = reduce(state, parseStatusEvent(name, data), 1)
            if (state.baseline !== null) derive(state.baseline, state.followUps)
          }
          expect(state.needFullReasons.length).toBeLessThanOrEqual(16)
          expect(() => JSON.stringify([state, ...state.severityState])).not.toThrow()
        },
      ),
      { numRuns: CASES },
    )
  })
  test('as a status is served on, unless the reader refused it', FUZZ_LIMIT, () => {
    const hub = new StatusHub({
      settings: () => ({ eventsSseRetryMs: 1, eventsSseHeartbeat: 1, sseStallTimeoutMs: 1 }),
    })
    closers.push(() => hub.close())
    const shallow = fc.dictionary(
      anyText,
      fc.json({ maxDepth: 4 }).map(text => JSON.parse(text) as unknown),
    )
    fc.assert(
      fc.property(shallow, status => {
        hub.publishStatus(status)
        expect(() => JSON.stringify(derive(status))).not.toThrow()
      }),
      { numRuns: CASES },
    )
  })
  test('as a difference either applies or is refused, and never changes its input', FUZZ_LIMIT, () => {
    const base = Object.freeze({ a: Object.freeze({ b: 1 }), list: Object.freeze([1]) })
    const part = fc.oneof(anyJson, fc.dictionary(anyText, anyJson))
    const diff = fc.oneof(
      part,
      fc.record(
        {
          added: part,
          removed: fc.array(anyText),
          changed: fc.dictionary(anyText, fc.record({ old: part, new: part })),
          nested: part,
        },
        { requiredKeys: [] },
      ),
      fc.record({ panel: anyText, op: fc.constantFrom('full', 'diff', 'x'), data: part }),
    )
    fc.assert(
      fc.property(diff, given => {
        const merged = mergeDiff(base, given)
        if (merged.ok) expect(Object.getPrototypeOf(merged.status)).toBe(Object.prototype)
        expect(base).toEqual({ a: { b: 1 }, list: [1] })
      }),
      { numRuns: CASES },
    )
  })
  test('as a frame of a backend is understood, or counted as unknown', FUZZ_LIMIT, () => {
    const frame = fc.oneof(
      objectText,
      anyText,
      fc
        .dictionary(
          fc.constantFrom(
            'type',
            'data',
            'text',
            'sources',
            'done',
            'error',
            'choices',
            'usage',
            'model',
            '__proto__',
          ),
          fc.oneof(
            anyJson,
            anyText,
            fc.constantFrom(
              'token',
              'metadata',
              'sources',
              'usage',
              'done',
              'error',
              '[METADATA]{',
              '[METADATA]{"a":1}',
            ),
          ),
        )
        .map(each => JSON.stringify(each)),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('message', 'token', 'done'),
        fc.array(frame, { maxLength: 6 }),
        (event, frames) => {
          const normaliser = createNormaliser(() => {})
          const all = frames.flatMap(data => normaliser.frame({ event, data, id: '' }))
          for (const event of [...all, ...normaliser.end(false)]) {
            expect(() => JSON.stringify(event)).not.toThrow()
            if (event.type === 'done') expect(event.reason).toMatch(/^[a-z][a-z0-9_]{0,39}$/)
          }
        },
      ),
      { numRuns: CASES },
    )
  })
  test('as bytes of an event stream, cut anywhere, gives events whose fields are single lines', () => {
    const line = fc.oneof(
      anyText,
      fc
        .tuple(
          fc.constantFrom('data', 'event', 'id', 'retry', '', '__proto__'),
          fc.constantFrom(':', ': ', ''),
          anyText,
        )
        .map(parts => parts.join('')),
    )
    const bytes = fc
      .tuple(fc.array(line), fc.constantFrom('\n', '\r', '\r\n'))
      .map(([lines, end]) => Buffer.from(lines.join(end) + end + end))
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (all, step) => {
        const printed: unknown[] = []
        const parser = createSseParser({
          onEvent: ({ event, id, data }) => {
            printed.push(data)
            expect(event).not.toMatch(/[\r\n]/)
            expect(id).not.toMatch(/[\r\n\0]/)
          },
          onRetry: ms => expect(ms).toBeGreaterThanOrEqual(0),
        })
        for (let at = 0; at < all.length; at += step) parser.push(all.subarray(at, at + step))
        expect(printed.length).toBeLessThanOrEqual(all.length)
      }),
      { numRuns: CASES },
    )
  })
  test('as a board of another server is shown with a valid hash, or not at all', () => {
    const data = fc.dictionary(
      fc.constantFrom(
        'epoch',
        'generation',
        'cycle',
        'ts',
        'panels',
        'updates',
        'removed',
        'more',
        'resumed',
        'keepalive_ms',
        'reason',
        'code',
        'message',
        'reconnect_ms',
        '__proto__',
      ),
      fc.oneof(
        anyJson,
        fc.constantFrom('e', 1, 0, true),
        fc.array(fc.dictionary(anyText, anyJson, { maxKeys: 2 }), { maxLength: 2 }),
      ),
    )
    const name = fc.constantFrom(
      'hello',
      'full_snapshot',
      'panel_update',
      'panel_update_structured',
      'heartbeat',
      'resync_required',
      'error',
      'bye',
      'constructor',
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, data), { maxLength: 4 }), events => {
        const reader = createBoardReader()
        for (const [event, each] of events) reader.apply(event, JSON.stringify(each))
        for (const event of events) reader.applyResync(JSON.stringify(event[1]))
        expect([...(reader.board?.panels.keys() ?? [])].length).toBeLessThan(100)
      }),
      { numRuns: SOCKET_CASES },
    )
  })
  test('as settings gives a configuration, or errors in printable text', () => {
    const names = [
      'G6_SSE_IP_ALLOW',
      'G6_ALLOWED_HOSTS',
      'G6_SSE_ALLOW_ORIGIN',
      'G6_TRUST_PROXY',
      'G6_SSE_IP_CONNECT_RATE',
      'G6_SUMMARY_THRESH_OVERRIDES',
      'G6_TIMEZONE',
      'G6_HTTP_HOST',
      'G6_PANELS_SSE_URL',
      'G6_OUTPUT_SINKS',
      'G6_STATUS_MAX_BYTES',
      'G6_SSE_REQUEST_ID_HEADER',
      'RAG_BACKEND_URL',
      'G6_NOT_ONE',
      'G6_PANEL_W_X',
      'G6_CHAT_PREFIX',
    ]
    const env = fc.dictionary(fc.constantFrom(...names), anyText, { maxKeys: 4 })
    const toml = fc.oneof(
      anyText,
      fc.tuple(anyText, anyText).map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}`),
    )
    fc.assert(
      fc.property(env, fc.option(toml), (given, text) => {
        const result = loadConfig({ env: given, file: text === null ? null : { path: 'g6.toml', text } })
        const printed =
          configReport(result, { json: false, group: null, changed: true }).text +
          checkReport(result, false).text
        expect(UNPRINTABLE.exec(printed.replaceAll('\n', ''))?.[0] ?? null).toBeNull()
      }),
      { numRuns: SOCKET_CASES },
    )
  })
})
