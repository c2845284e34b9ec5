import { describe, expect, test } from 'vitest'
import type { HttpConfig } from './http-config.js'
import { type Command, type PortKey, planListeners } from './listen-plan.js'

type Settings = Partial<HttpConfig>

const DEFAULTS = {
  httpHost: '127.0.0.1',
  unifiedHttp: null,
  unifiedHttpPort: 9329,
  sseHttp: null,
  sseHttpPort: 9320,
  summaryMetricsHttp: null,
  metricsHttpPort: 9325,
  resyncHttpPort: 9316,
  disableResyncHttp: false,
}

/** `name:port` of each listener, or the error. Ports among the changes count as set. */
function plan(command: Command, changes: Settings = {}): string[] | string {
  const isSet = (key: PortKey): boolean => key in changes
  const made = planListeners({ ...DEFAULTS, ...changes }, isSet, command)
  return made.ok ? made.listeners.map(({ name, port }) => `${name}:${port}`) : made.error
}

const ALL = 'unified:9329'

describe('without any setting', () => {
  test.each([
    ['serve', [ALL]],
    ['demo', [ALL]],
    ['dashboard', []],
    ['dashboard --serve', [ALL]],
  ] as const)('%s opens %j', (command, opened) => {
    expect(plan(command)).toEqual(opened)
  })
})

describe('G6_UNIFIED_HTTP', () => {
  test('on is on for every command', () => {
    expect(plan('dashboard', { unifiedHttp: true })).toEqual([ALL])
  })
  test('off is off for every command', () => {
    const changes = { unifiedHttp: false, sseHttp: true, disableResyncHttp: true }
    for (const command of ['serve', 'demo', 'dashboard', 'dashboard --serve'] as const) {
      expect(plan(command, changes)).toEqual(['stream:9320'])
    }
  })
})

describe('a dashboard serves when one of the settings asks', () => {
  test.each([
    [{ sseHttp: true }, [ALL, 'stream:9320']],
    [{ sseHttpPort: 9400 }, [ALL, 'stream:9400']],
    [{ summaryMetricsHttp: true }, [ALL, 'metrics:9325']],
    [{ metricsHttpPort: 9401 }, [ALL, 'metrics:9401']],
    [{ resyncHttpPort: 9402 }, [ALL, 'resync:9402']],
    [{ sseHttp: false }, []],
    [{ summaryMetricsHttp: false }, []],
  ])('%j', (changes, opened) => {
    expect(plan('dashboard', changes)).toEqual(opened)
  })
})

describe('one by one', () => {
  test.each([
    ['the port alone turns the stream on', { sseHttpPort: 9320 }, [ALL, 'stream:9320']],
    ['0 wins over a port', { sseHttp: false, sseHttpPort: 9400 }, [ALL]],
    ['the metrics on their own port', { summaryMetricsHttp: true }, [ALL, 'metrics:9325']],
    ['metrics off wins over a port', { summaryMetricsHttp: false, metricsHttpPort: 9401 }, [ALL]],
    ['resync on its own port', { resyncHttpPort: 9316 }, [ALL, 'resync:9316']],
    [
      'a stream without the unified server brings resync',
      { unifiedHttp: false, sseHttp: true },
      ['stream:9320', 'resync:9316'],
    ],
    [
      'on the port that is set',
      { unifiedHttp: false, sseHttp: true, resyncHttpPort: 1 },
      ['stream:9320', 'resync:1'],
    ],
    [
      'metrics without the unified server bring none',
      { unifiedHttp: false, summaryMetricsHttp: true },
      ['metrics:9325'],
    ],
    [
      'everything',
      { sseHttp: true, summaryMetricsHttp: true, resyncHttpPort: 9316 },
      [ALL, 'stream:9320', 'metrics:9325', 'resync:9316'],
    ],
  ])('%s', (_, changes, opened) => {
    expect(plan('serve', changes)).toEqual(opened)
  })
})

describe('with nothing on', () => {
  test.each(['serve', 'demo', 'dashboard --serve'] as const)(
    '%s is an error that says what to do',
    command => {
      const error = plan(command, { unifiedHttp: false })
      expect(error).toContain(`g6 ${command} has nothing to serve`)
      expect(error).toContain('G6_SSE_HTTP')
      expect(plan(command, { unifiedHttp: false, sseHttp: false, sseHttpPort: 9 })).toBe(error)
    },
  )
  test('a dashboard only shows the board', () => {
    expect(plan('dashboard', { unifiedHttp: false })).toEqual([])
  })
})

test('each listener has the surfaces of its settings; the same port is one listener', () => {
  const changes = {
    unifiedHttp: false,
    sseHttp: true,
    summaryMetricsHttp: true,
    sseHttpPort: 9400,
    metricsHttpPort: 9400,
  }
  const made = planListeners({ ...DEFAULTS, ...changes }, key => key !== 'resyncHttpPort', 'serve')
  expect(made).toEqual({
    ok: true,
    listeners: [
      { name: 'stream', port: 9400, setting: 'G6_SSE_HTTP_PORT', surfaces: ['stream', 'metrics'] },
      { name: 'resync', port: 9316, setting: 'G6_RESYNC_HTTP_PORT', surfaces: ['resync'] },
    ],
  })
  expect(plan('serve', { sseHttpPort: 9329 })).toEqual([ALL])
  expect(plan('serve', { unifiedHttpPort: 0, sseHttpPort: 0 })).toEqual(['unified:0', 'stream:0'])
})

test('on a unix socket there are no ports: one listener has the routes of all', () => {
  const unix = { httpHost: 'unix:/run/g6/g6.sock', sseHttp: true }
  expect(plan('serve', unix)).toEqual([ALL])
  const some = planListeners(
    { ...DEFAULTS, ...unix, unifiedHttp: false, unifiedHttpPort: 0, sseHttpPort: 0 },
    () => false,
    'serve',
  )
  expect(some).toMatchObject({ ok: true, listeners: [{ name: 'stream', surfaces: ['stream', 'resync'] }] })
  expect(some.ok && some.listeners).toHaveLength(1)
})
