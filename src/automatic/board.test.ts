import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Panel } from '../panels/panel.js'
import { automaticBoard, MAX_PANELS } from './board.js'
import { RISING_MS } from './counters.js'
import type { AutomaticMemory, AutomaticOptions } from './drafts.js'
import { MAX_KEYS } from './keys.js'

const OPTIONS: AutomaticOptions = {
  skip: new Set(),
  reserved: new Set(['alerts', 'links']),
  nowMs: Date.UTC(2026, 10, 29),
  timezone: 'UTC',
}
const board = (
  document: object,
  options: Partial<AutomaticOptions> = {},
  memory: AutomaticMemory | null = null,
) => automaticBoard(document as Readonly<Record<string, unknown>>, { ...OPTIONS, ...options }, memory)
const linesOf = (panels: readonly Panel[]) => panels.flatMap(({ lines }) => lines)
const lines = (document: object, options: Partial<AutomaticOptions> = {}) =>
  linesOf(board(document, options).panels)
const tonesOf = ({ panels }: { readonly panels: readonly Panel[] }) =>
  panels.flatMap(({ blocks }) =>
    blocks.flatMap(block => {
      if (block.kind === 'text') return []
      const cells = block.kind === 'fields' ? block.items : block.rows.flat()
      return cells.flatMap(({ tone }) => (tone === undefined || tone === 'muted' ? [] : [tone]))
    }),
  )

describe('the shape of a document', () => {
  test('scalars are fields, states first; an object with one scalar joins its parent', () => {
    const document = { publish: 7, publish_details: { rate: 0.5 }, phase: 'green', note: 'x' }
    expect(lines(document)).toEqual(['phase: green', 'publish: 7', 'publish_rate: 0.5', 'note: x'])
  })

  test('lists and maps of alike objects are tables; the key of a map is the first column', () => {
    const rows = { a: { state: 'up', n: 1 }, b: { state: 'down', n: 2 } }
    expect(lines({ nodes: rows })).toEqual([
      'count: 2',
      'not well: 1',
      'name  state    n',
      'a     up       1',
      'b     down !!  2',
    ])
    expect(board(rows).panels.map(({ key }) => key)).toEqual(['document'])
    expect(board([rows].map(one => ({ items: [one] }))[0] ?? {}).panels.map(({ key }) => key)).toEqual([
      'items',
    ])
  })

  test('what is too much or too deep is counted', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}`, i]))
    expect(lines(many).at(-1)).toBe('10 more members not shown')
    expect(lines({ a: many }).at(-1)).toBe('16 more members not shown')
    expect(lines({ a: { b: { c: { d: { e: { f: 1, g: 2 } } } } } })).toContain('d: 1 item')
    const rows = Array.from({ length: 300 }, (_, i) => ({ name: `n${i}`, size: i }))
    expect(lines({ rows })).toContain('100 more rows not shown')
    expect(lines({ list: Array.from({ length: 12 }, (_, i) => i) })).toEqual([
      'list: 0, 1, 2, 3, 4, 5, 6, 7, 4 more',
    ])
    const wide = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`o${i}`, { [`a${i}`]: 1, [`b${i}`]: 2 }]),
    )
    expect(board(wide).panels).toHaveLength(MAX_PANELS)
    expect(lines(wide).at(-1)).toContain('7 more members not shown: o13, o14')
  })

  test('rows that are not well come first in a long table, also those beyond the limit', () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({
      name: `n${i}`,
      state: i === 290 ? 'failed' : 'up',
      i,
    }))
    const [, , , first] = lines({ rows })
    expect(first).toContain('n290')
    expect(lines({ rows: rows.slice(0, 12) })[3]).toContain('n0')
    const allFailed = { rows: rows.map(row => ({ ...row, state: 'failed' })) }
    expect(lines(allFailed)).toContain('100 more rows not shown, 100 of them not well !')
  })

  test('a state that no column shows is shown in its row', () => {
    const states = [
      'health',
      'phase',
      'result',
      'condition',
      'verdict',
      'status',
      'impact',
      'a_state',
      'b_state',
    ]
    const row = (i: number) =>
      Object.fromEntries(states.map((name, at) => [name, ['up', 'ok', 'green'][(i + at) % 3]]))
    const rows = Array.from({ length: 6 }, (_, i) => ({ name: `n${i}`, ...row(i) }))
    const first = board({ rows })
    const failed = rows.map((one, i) => (i === 3 ? { ...one, b_state: 'failed' } : one))
    const text = linesOf(board({ rows: failed }, {}, first.memory).panels).join('\n')
    expect(text).toMatch(/n3 .*failed\)? !!/)
  })

  test('what was learned is kept while it fits, also where values repeat every few rows or differ in one', () => {
    const plan = (made: ReturnType<typeof board>) => made.memory.plans.get('rows')
    const periodic = Array.from({ length: 5_400 }, (_, i) => ({
      name: `n${i}`,
      restarts: i % 9,
      load: i % 27,
    }))
    const rare = periodic.map((row, i) => ({ ...row, restarts: i === 5 ? 5 : 3 }))
    for (const rows of [periodic, rare]) {
      const first = board({ rows })
      const second = board({ rows: structuredClone(rows) }, {}, first.memory)
      expect(plan(first)).toBeDefined()
      expect(plan(second)).toBe(plan(first))
    }
    expect(plan(board({ rows: periodic }))?.columns.map(({ label }) => label)).toEqual([
      ...['name', 'restarts', 'load'],
    ])
  })

  test('an empty document says that there is nothing', () => {
    expect(lines({})).toEqual(['no members to show'])
  })
})

describe('tones', () => {
  test.each([
    [{ status: 'frobnicated' }, []],
    [{ name: 'failed' }, []],
    [{ log_level: 'error' }, []],
    [{ state: 'none', indicator: 'none' }, ['ok']],
    [{ level: 'high' }, []],
    [{ alerts_: [{ severity: 'high', message: 'x', n: 1 }] }, ['error']],
    [
      {
        units: [
          { unit: 'a', active: 'active', sub: 'dead' },
          { unit: 'b', active: 'inactive', sub: 'exited' },
        ],
      },
      ['ok', 'info'],
    ],
    [{ checks: [{ name: 'a', severity: 'critical', status: 'passing' }] }, ['ok']],
    [{ desired_status: 'stopped', lastState: 'failed' }, []],
    [{ healthy: false, ready_count: 0 }, ['error']],
    // A boolean status is good or bad; the text of a condition is not, and neither is that of an answered request.
    [
      {
        workers: [
          { name: 'a', status: true },
          { name: 'b', status: false },
        ],
      },
      ['ok', 'error'],
    ],
    [{ rows: [{ name: 'a', status: 'False' }] }, []],
    [{ status: true, data: { a: 1 } }, []],
    [
      { offline: true, failed_check: true, failed_over: true, disk_alarm: true, disk_ok: true },
      ['error', 'warn', 'warn'],
    ],
    [
      {
        processes: [
          { name: 'a', statename: 'RUNNING', state: 20 },
          { name: 'b', statename: 'FATAL', state: 200 },
        ],
      },
      ['ok', 'error'],
    ],
    [{ customers: [{ name: 'a', statename: 'Ohio' }] }, []],
    [{ incidents: [{ title: 'db down', status: 'triggered' }] }, ['warn']],
    // What is wrong now.
    [{ errors: ['no space'], last_errors: ['old'] }, ['warn']],
    [{ errors: [], alarms: 'none', warnings: [], problems: 'none' }, []],
    [{ warnings: ['disk nearly full'] }, ['warn']],
    [{ problems: ['no route to the store'] }, ['warn']],
    [{ instances: [{ name: 'a', status: 'REPAIRING' }] }, ['warn']],
    [
      {
        nodes: [
          { name: 'a', errors: ['no space'] },
          { name: 'b', errors: [] },
        ],
      },
      ['warn'],
    ],
    [{ errors: [{ message: 'boom', path: 'a' }] }, ['warn']],
    // How many there are of how many there should be.
    [
      {
        services: [
          { name: 'a', replicas: '3/3' },
          { name: 'b', replicas: '1/3' },
          { name: 'c', replicas: '0/0' },
        ],
      },
      ['ok', 'warn', 'info'],
    ],
    [
      {
        pods: [
          { name: 'a', ready: '0/1', status: 'Completed' },
          { name: 'b', ready: '0/1', status: 'Running' },
        ],
      },
      ['info', 'ok', 'warn', 'ok'],
    ],
    [{ disks: [{ name: 'a', slot: '1/3' }] }, []],
    // The codes of sensors, but not of regions.
    [
      {
        sensors: [
          { name: 'a', status: 'nc' },
          { name: 'b', status: 'cr' },
          { name: 'c', status: 'NR' },
        ],
      },
      ['warn', 'error', 'error'],
    ],
    [
      {
        places: [
          { name: 'a', state: 'NC' },
          { name: 'b', state: 'NR' },
        ],
      },
      [],
    ],
    [{ status: 'cr 7' }, []],
    // Conditions of an object, by their types.
    [
      {
        conditions: [
          { type: 'Ready', status: 'False', reason: 'NoNetwork' },
          { type: 'DiskPressure', status: 'False' },
        ],
      },
      ['error'],
    ],
    [{ status: 'success', data: { a: 1 } }, []],
    [{ ok: true, result: [] }, []],
    [{ status: 'error', data: {} }, ['error']],
    [{ failed: 12, dead: 3 }, []],
    [{ error: false, timed_out: false, enabled: false }, []],
    [{ jobs: [{ name: 'a', type: 'batch', status: 'dead' }] }, ['info']],
  ])('%j', (document, tones) => {
    expect(tonesOf(board(document))).toEqual(tones)
  })

  test('unknown words are listed', () => {
    expect(board({ status: 'frobnicated', a: [{ name: 'x', state: 'leader' }] }).unknownWords).toEqual([
      'frobnicated',
      'leader',
    ])
  })

  test('a counter of faults warns while it rises, once there is history, and not for ever', () => {
    const { nowMs } = OPTIONS
    const first = board({ failed: 12 })
    const second = board({ failed: 13 }, { nowMs: nowMs + 1_000 }, first.memory)
    expect([tonesOf(first), tonesOf(second)]).toEqual([[], ['warn']])
    expect(second.untilMs).toBe(nowMs + 1_000 + RISING_MS)
    const same = board({ failed: 13 }, { nowMs: nowMs + 2_000 }, second.memory)
    const later = board({ failed: 13 }, { nowMs: second.untilMs }, same.memory)
    expect([tonesOf(same), tonesOf(later)]).toEqual([['warn'], []])
    expect(tonesOf(board({ failed: 2 }, { nowMs: nowMs + 2_000 }, second.memory))).toEqual([])
    expect(tonesOf(board({ failed: 20 }, { nowMs: nowMs + 2_000, rising: false }, second.memory))).toEqual([])
  })
})

describe('secrets', () => {
  test('are hidden and counted, wherever they are', () => {
    const secret = 'correct-horse'
    const document = {
      password: secret,
      api_key: secret,
      nested: { clientSecret: secret, a: 1, b: 2 },
      rows: [{ name: 'x', token: secret, authorization: secret }],
      url: `https://user:${secret}@host/?token=${secret}`,
      header: 'Bearer abcdefgh12345',
      tokens_used: 5,
    }
    const text = lines(document).join('\n')
    expect(text).not.toContain(secret)
    expect(text).not.toContain('abcdefgh')
    expect(text).toContain('https://host/?token=…')
    expect(text).toContain('tokens_used: 5')
    expect(text).toContain('4 more possible secrets not shown')
    expect(text).toContain('2 more possible secrets not shown')
  })
})

describe('units', () => {
  test.each([
    ['task_max_waiting_in_queue_millis', 1250, '1.25 s', 'ms'],
    ['uptime_in_seconds', 8102113, '93 d 18 h', 's'],
    ['bytes_per_sec', 2048, '2 KiB/s', 'B/s'],
    ['messages_per_second', 3, '3/s', '/s'],
    ['cpu_percent', 12.345, '12.35 %', '%'],
    ['used_memory', 1299345920, '1.21 GiB', 'B'],
    ['created_at', 1795960000, '2026-11-29 13:46:40', 'time'],
    ['created_at', 1795960000000, '2026-11-29 13:46:40', 'time'],
    ['lastScrape', '2026-11-29T16:00:01.123456789Z', '2026-11-29 16:00:01', 'time'],
    ['scrapeInterval', '15s', '15s', 's'],
    ['MemPerc', '2.73%', '2.73%', '%'],
    ['lastScrape', '0001-01-01T00:00:00Z', 'never', undefined],
    ['cpu', '500m', '500m', undefined],
    ['version', '7.2', '7.2', undefined],
    ['MemUsage', '1.21GiB / 7.652GiB', '1.21GiB / 7.652GiB', undefined],
  ])('%s %j is %s', (name, value, text, unit) => {
    const [block] = board({ [name]: value, other: 1 }).panels[0]?.blocks ?? []
    const [field] = block?.kind === 'fields' ? block.items : []
    expect([field?.text, field?.unit]).toEqual([text, unit])
  })
})

describe('keys', () => {
  test('are safe, not reserved and different', () => {
    const two = { x: 1, y: 2 }
    const document = {
      Alerts: two,
      'a b': two,
      'a/b': two,
      __proto__x: two,
      constructor: two,
      ä: two,
      [`${'k'.repeat(90)}`]: two,
    }
    const wide = JSON.parse(JSON.stringify(document)) as object
    const keys = board(
      Object.fromEntries(
        Object.entries(wide).map(([key, value], i) => [key, { ...value, [`z${i}`]: { p: 1, [`q${i}`]: 2 } }]),
      ),
    ).panels.map(({ key }) => key)
    expect(keys.filter(key => !/^[a-z0-9_-][a-z0-9_.-]{0,63}$/.test(key))).toEqual([])
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys).not.toContain('alerts')
    expect(keys).not.toContain('constructor')
  })

  test('stay bounded when the members of a document always have other names', () => {
    let memory: AutomaticMemory | null = null
    for (let i = 0; i < 600; i++) memory = board({ [`a${i}`]: { b: 1, c: 2 } }, {}, memory).memory
    expect(memory?.keys.size).toBeLessThanOrEqual(MAX_KEYS + MAX_PANELS)
  })
})

const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    'failed',
    'running',
    'True',
    '12.5%',
    '1.2GiB',
    '15s',
    '2026-11-29T16:00:01Z',
    '\ud800',
    '\u001b[31m',
    '__proto__',
    1795960000,
    null,
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.double(),
  fc.boolean(),
)
const name = fc.oneof(
  fc.constantFrom(
    'status',
    'state',
    'failed',
    'name',
    'severity',
    'id',
    '__proto__',
    'constructor',
    'a.b',
    'toString',
    'conditions',
    'bytes',
  ),
  fc.string({ maxLength: 6 }),
)
const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    scalar,
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 8, noNullPrototype: true }),
  ),
}))
const documents = fc.dictionary(name, tree, { maxKeys: 10, noNullPrototype: true })

describe('any document', () => {
  test('gives bounded, clean and repeatable panels, with any memory', () => {
    fc.assert(
      fc.property(documents, documents, (given, before) => {
        const document = JSON.parse(JSON.stringify(given)) as object
        const memory = board(JSON.parse(JSON.stringify(before)) as object).memory
        const made = board(document, {}, memory)
        expect(board(document, {}, memory).panels).toEqual(made.panels)
        expect(made.panels.length).toBeLessThanOrEqual(MAX_PANELS)
        expect(made.panels.length).toBeGreaterThan(0)
        const keys = made.panels.map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        for (const key of keys) expect(key).toMatch(/^[a-z0-9_-][a-z0-9_.-]{0,63}$/)
        const text = JSON.stringify(made.panels)
        expect(Buffer.from(text).toString()).toBe(text)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(linesOf(made.panels).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      }),
      { numRuns: 100 },
    )
  })
})

const pod = (i: number, bad: number) => ({
  metadata: {
    name: `web-${i}`,
    namespace: `ns-${i % 7}`,
    uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    labels: { app: `web-${i % 40}` },
  },
  spec: {
    nodeName: `node-${i % 30}`,
    containers: [
      { name: 'app', image: 'registry.local/web:1', resources: { limits: { cpu: '500m', memory: '512Mi' } } },
    ],
    notes: 'x'.repeat(1_200),
  },
  status: {
    phase: i % bad === 0 ? 'Pending' : 'Running',
    conditions: [{ type: 'Ready', status: i % bad === 0 ? 'False' : 'True' }],
    startTime: '2026-11-29T13:50:11Z',
    containerStatuses: [
      {
        name: 'app',
        ready: i % bad !== 0,
        restartCount: i % 13,
        state: { running: { startedAt: '2026-11-29T13:50:12Z' } },
      },
    ],
  },
})

test('2 MB are shown again in a few milliseconds once their shape is known', () => {
  const document = (bad: number) => ({ items: Array.from({ length: 1_350 }, (_, i) => pod(i, bad)) })
  expect(JSON.stringify(document(9)).length).toBeGreaterThan(1.9e6)
  const cpuMs = (work: () => void): number => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  let memory = board(document(9)).memory
  const times = Array.from({ length: 15 }, (_, i) => {
    const next = document(7 + i)
    return cpuMs(() => {
      memory = board(next, {}, memory).memory
    })
  })
  const learning = Array.from({ length: 5 }, () => cpuMs(() => void board(document(5)))).sort((a, b) => a - b)
  const sorted = times.slice(5).sort((a, b) => a - b)
  // Generous: `g6 bench` has the bounds; this finds what is no longer linear.
  expect(sorted[5]).toBeLessThan(60)
  expect(learning[2]).toBeLessThan(300)
})
