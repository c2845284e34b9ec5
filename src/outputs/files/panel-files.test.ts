import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { capturedLog } from '../../../test/support/captured-log.js'
import { panelFileProblems } from '../../../test/support/panel-file-checks.js'
import { resultMaker } from '../../../test/support/results.js'
import { nextBoard } from '../../board/board.js'
import type { CycleResult } from '../../engine/cycle.js'
import { systemEdge } from '../../files/atomic.js'
import { silentLog } from '../../log/log.js'
import { makePanel } from '../../panels/lines.js'
import { PANEL_FILES } from './panel-data.js'
import { createPanelFilesOutput, LOCK_FILE, type PanelFilesOptions } from './panel-files.js'

let folder = ''
let dir = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-files-'))
  dir = join(folder, 'panels')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const ENVELOPED = PANEL_FILES.map(({ name }) => `${name}_enveloped.json`)
const NAMED_BY_MANIFEST = ['unified_snapshot.json', ...ENVELOPED].sort()
const ALL = [...NAMED_BY_MANIFEST, 'manifest.json', 'indices_stream.json'].sort()
const market = (ltp: number) => ({ app: { version: '1.4.2' }, indices: { NIFTY: { ltp } } })

function files(options: Partial<PanelFilesOptions> = {}) {
  const onWritten = vi.fn()
  const onFault = vi.fn()
  const output = createPanelFilesOutput({
    dir,
    basic: false,
    legacyCompat: false,
    generator: 'g6-stream 0.0.0',
    metricsUrl: null,
    timezone: 'Asia/Kolkata',
    log: silentLog,
    onWritten,
    onFault,
    ...options,
  })
  return {
    output,
    onWritten,
    onFault,
    written: () => onWritten.mock.calls.splice(0).map(([panel]) => panel as string),
  }
}

/** Without the file that names the writer. */
const shown = async () => (await readdir(dir)).filter(name => name !== LOCK_FILE)
const read = async (file: string) => JSON.parse(await readFile(join(dir, file), 'utf8'))

describe('panel files', () => {
  test('are written for the included panels only, by panel or file name in any case', async () => {
    const { output } = files({ include: ['INDICES', 'alerts'] })
    await output.publish(resultMaker()(market(100)))
    const included = ['alerts_enveloped.json', 'indices_panel_enveloped.json', 'unified_snapshot.json']
    expect((await shown()).sort()).toEqual([...included, 'manifest.json'].sort())
    expect((await read('manifest.json')).files).toEqual(included)
  })

  test('are written for automatic panels from the first board on that has them, in order with what it shows', async () => {
    const { output, written } = files({ include: ['alerts', 'queue'] })
    const next = resultMaker()
    const base = next(market(100))
    const withQueue = (before: CycleResult, depth: string): CycleResult => {
      const items = [{ label: 'depth', text: depth }]
      const queue = makePanel('queue', 'Queue', [{ kind: 'fields', items }])
      const panels = [...base.board.panels.values(), queue]
      return { ...base, board: nextBoard(before.board, panels, before.board.cycle + 1, 0) }
    }
    await output.publish(base)
    expect(await shown()).not.toContain('queue_enveloped.json')
    const first = withQueue(base, '3')
    await output.publish(first)
    expect(await read('queue_enveloped.json')).toMatchObject({
      panel: 'queue',
      data: { title: 'Queue', tone: 'ok', lines: ['depth: 3'], blocks: [{ kind: 'fields' }] },
    })
    expect((await read('manifest.json')).files).toContain('queue_enveloped.json')
    written()
    await output.publish(withQueue(first, '4'))
    expect(written()).toContain('queue')
    expect((await read('queue_enveloped.json')).data.lines).toEqual(['depth: 4'])
    // A panel that is gone says so instead of keeping its last content.
    await output.publish(next(market(101)))
    expect((await read('queue_enveloped.json')).data).toBeNull()
  })

  test('whose content changed are counted with each board, 0 when none did', async () => {
    const counted: number[] = []
    const { output } = files({ include: ['indices', 'alerts'], onChanged: n => counted.push(n) })
    const next = resultMaker()
    const first = next(market(100))
    await output.publish(first)
    await output.publish(first)
    await output.publish(next(market(101)))
    expect(counted).toEqual([2, 0, 1])
  })

  test('are all complete after the first cycle, without other files', async () => {
    const { output } = files()
    const result = resultMaker()(market(100))
    await output.publish(result)
    expect((await shown()).sort()).toEqual(ALL)
    const { builtAtMs, panels } = result.board
    const times = { generated_at: builtAtMs / 1000, updated_at: new Date(builtAtMs).toISOString() }
    expect(await read('indices_panel_enveloped.json')).toMatchObject({
      panel: 'indices_panel',
      version: 1,
      ...times,
      data: { count: 1, items: [{ name: 'NIFTY', ltp: 100 }] },
      meta: {
        source: 'summary',
        schema: 'v1',
        hash: expect.stringMatching(/^[0-9a-f]{12}$/),
        board_panel: 'indices',
        board_hash: panels.get('indices')?.hash,
      },
    })
    expect(await read('unified_snapshot.json')).toEqual({
      schema_version: 1,
      generator: 'g6-stream 0.0.0',
      cycle: 1,
      ts_built: builtAtMs / 1000,
      ...times,
      indices_count: 1,
      alerts_total: 0,
      errors: [],
    })
    expect(await read('manifest.json')).toEqual({
      schema_version: 1,
      generator: 'PanelsWriter',
      cycle: 1,
      ts: builtAtMs / 1000,
      files: NAMED_BY_MANIFEST,
      indices_count: 1,
      alerts_total: 0,
      hashes: Object.fromEntries(
        NAMED_BY_MANIFEST.map(file => [file, expect.stringMatching(/^[0-9a-f]{64}$/)]),
      ),
      app_version: '1.4.2',
    })
  })

  test('are written only when their content changed, the manifest last', async () => {
    const { output, written } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(written().at(-1)).toBe('manifest')
    await output.publish(next())
    expect(written()).toEqual([])
    await output.publish(next(market(101)))
    expect(written().sort()).toEqual(['indices', 'indices_stream', 'manifest', 'unified'])
  })

  test('the unified snapshot is written whenever the manifest is, right before it, with the same cycle', async () => {
    const { output, written } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    written()
    for (const ltp of [101, 101, 102]) {
      await output.publish(next(market(ltp)))
      const [unified, manifest] = [await read('unified_snapshot.json'), await read('manifest.json')]
      expect(unified.cycle).toBe(manifest.cycle)
      expect(unified.ts_built).toBe(manifest.ts)
    }
    expect((await read('manifest.json')).cycle).toBe(4)
    const order = written().filter(panel => panel === 'unified' || panel === 'manifest')
    expect(order).toEqual(['unified', 'manifest', 'unified', 'manifest'])
  })

  test('alone, the unified snapshot is written with every new status', async () => {
    const { output, written } = files({ basic: true })
    const next = resultMaker()
    await output.publish(next(market(100)))
    const second = next(market(101))
    await output.publish(second)
    expect((await read('unified_snapshot.json')).cycle).toBe(2)
    written()
    await output.publish({ ...second, stats: { ...second.stats, cycles: 3 } })
    expect(written()).toEqual([])
  })

  test('basic: the first file only', async () => {
    const { output } = files({ basic: true })
    await output.publish(resultMaker()(market(100)))
    expect(await shown()).toEqual(['unified_snapshot.json'])
  })

  test('have the fault of the status', async () => {
    const { output } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next(undefined, { state: 'not_json', error: 'it is empty' }))
    expect((await read('unified_snapshot.json')).errors).toEqual([
      { kind: 'not_json', message: 'it is empty' },
    ])
  })

  test('are written when only the fault of the status changed', async () => {
    const { output } = files()
    const good = resultMaker()(market(100))
    await output.publish(good)
    await output.publish({ ...good, source: { ...good.source, state: 'io', error: 'it cannot be read' } })
    expect((await read('unified_snapshot.json')).errors).toEqual([
      { kind: 'io', message: 'it cannot be read' },
    ])
  })

  test('report the duration of rounds that wrote something', async () => {
    const onRound = vi.fn()
    const { output } = files({ onRound })
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next())
    expect(onRound).toHaveBeenCalledTimes(1)
    expect(onRound.mock.calls[0]?.[0]).toBeGreaterThan(0)
  })

  test('are written again when their folder was removed, though nothing changed', async () => {
    const { output } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    await rm(dir, { recursive: true })
    await output.publish(next())
    expect((await shown()).sort()).toEqual(ALL)
  })

  test.each([
    ['at the start', true],
    ['later', false],
  ])('are all written again when their folder is removed during a round, %s', async (_when, atStart) => {
    let isDue = atStart
    const edge = {
      ...systemEdge,
      async rename(from: string, to: string): Promise<void> {
        // Only the manifest, which is last, is written after it.
        if (isDue && to.endsWith('manifest.json')) {
          isDue = false
          await rm(dir, { recursive: true })
        }
        await systemEdge.rename(from, to)
      },
    }
    const { output } = files({ edge })
    const next = resultMaker()
    await output.publish(next(market(100)))
    if (!atStart) {
      isDue = true
      await output.publish(next(market(101)))
    }
    expect(isDue).toBe(false)
    await output.publish(next(market(101)))
    await output.publish(next(market(101)))
    expect((await shown()).sort()).toEqual(ALL)
  })

  test('one that cannot be written delays no other, is logged once, and is tried again', async () => {
    await mkdir(join(dir, 'alerts_enveloped.json', 'in-the-way'), { recursive: true })
    const log = { ...silentLog, error: vi.fn(), info: vi.fn() } as unknown as PanelFilesOptions['log']
    const { output, onFault, written } = files({ log })
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next())
    expect(onFault).toHaveBeenCalledTimes(2)
    expect(log.error).toHaveBeenCalledTimes(1)
    expect((await read('manifest.json')).files).not.toContain('alerts_enveloped.json')
    expect((await stat(join(dir, 'indices_panel_enveloped.json'))).isFile()).toBe(true)
    await rm(join(dir, 'alerts_enveloped.json'), { recursive: true })
    written()
    await output.publish(next())
    expect(written()).toEqual(['alerts', 'unified', 'manifest'])
    expect(log.info).toHaveBeenCalledTimes(1)
    expect((await shown()).filter(name => name.endsWith('.tmp'))).toEqual([])
  })

  test('a manifest that could not be written is tried again', async () => {
    await mkdir(join(dir, 'manifest.json', 'in-the-way'), { recursive: true })
    const { output, onFault } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(onFault).toHaveBeenCalledTimes(1)
    await rm(join(dir, 'manifest.json'), { recursive: true })
    await output.publish(next())
    expect((await read('manifest.json')).files).toHaveLength(7)
  })

  test('a full disk is a fault of every file, and the next cycle writes them all', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    let isFull = true
    const { output, onFault } = files({
      edge: {
        ...systemEdge,
        writeFlushed: (path, text) => (isFull ? Promise.reject(full) : writeFile(path, text)),
        wait: () => Promise.resolve(),
      },
    })
    await mkdir(dir)
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(onFault).toHaveBeenCalledTimes(ALL.length)
    isFull = false
    await output.publish(next())
    expect((await shown()).sort()).toEqual(ALL)
  })
})

describe('where this process may not write', () => {
  const logged = () => {
    const { log, lines } = capturedLog()
    return { log, entries: () => lines().map(({ level, code, pid, host }) => ({ level, code, pid, host })) }
  }

  test('because another one does: nothing is written and one line says so, until that one is gone', async () => {
    await mkdir(dir)
    const lock = join(dir, LOCK_FILE)
    const other = { pid: process.ppid, host: 'there', since: '2026-01-02T03:04:05.678Z', id: 'x' }
    await writeFile(lock, JSON.stringify(other))
    const { log, entries } = logged()
    const { output, onFault } = files({ log })
    const next = resultMaker()
    for (const ltp of [100, 101, 102]) await output.publish(next(market(ltp)))
    expect(await shown()).toEqual([])
    expect(entries()).toEqual([{ level: 40, pid: process.ppid, host: 'there' }])
    expect(onFault).toHaveBeenCalledTimes(3)
    await rm(lock)
    await output.publish(next())
    expect((await shown()).sort()).toEqual(ALL)
    expect(entries()).toMatchObject([{ level: 40 }, { level: 30 }])
    await output.close()
    expect(await readdir(dir)).not.toContain(LOCK_FILE)
  })

  test('because no file can be made: one line, not one for each file', async () => {
    await writeFile(dir, '')
    const { log, entries } = logged()
    const { output } = files({ log })
    const next = resultMaker()
    for (const ltp of [100, 101, 102]) await output.publish(next(market(ltp)))
    expect(entries()).toEqual([{ level: 50, code: 'ENOTDIR' }])
    await rm(dir)
    await output.publish(next())
    expect((await shown()).sort()).toEqual(ALL)
  })
})

describe('the checks of consumers', () => {
  test.each(['status-nested.json', 'status-flat.json', 'status-full.json'])(
    'pass over the files of %s, with their older forms too',
    async fixture => {
      const { output } = files({
        legacyCompat: true,
        metricsUrl: 'http://user:secret@host:9108/metrics',
      })
      await output.publish(resultMaker()(JSON.parse(await readFile(`test/fixtures/${fixture}`, 'utf8'))))
      expect(await panelFileProblems(dir)).toEqual({})
    },
  )

  test('pass with unusual numbers, texts and names', async () => {
    const { output } = files()
    const odd = {
      performance: { é: 1e-5, '😀': 1e21, '\uffff': 1.5e-7, '\ud83d': 97.0, b: 0.1, '10': -0, '9': 1e16 },
      links: { '₹': 'http://a/?q="\\ü' },
      indices_detail: { 'NIFTY 50 ₹': { ltp: 24_000.05, age: 0.00001, dq: { score_percent: 1 / 3 } } },
      alerts: [{ message: 'नमस्ते \u2028 "quoted"', level: 'ERROR', time: 1.5e9 }],
      app: { version: '१.2' },
    }
    await output.publish(resultMaker()(odd))
    expect(await panelFileProblems(dir)).toEqual({})
  })

  test('pass after changes, and where one file cannot be written', async () => {
    await mkdir(join(dir, 'alerts_enveloped.json', 'in-the-way'), { recursive: true })
    const { output } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next(market(101)))
    expect(await panelFileProblems(dir)).toEqual({})
    expect((await read('manifest.json')).files).not.toContain('alerts_enveloped.json')
  })

  test.each([2.5, -1, 1e300])('pass when the status counts %d alerts', async total => {
    const { output } = files()
    await output.publish(resultMaker()({ alerts: { total } }))
    expect(await panelFileProblems(dir)).toEqual({})
    expect((await read('manifest.json')).alerts_total).toBeNull()
  })

  test('pass before the first status, when there is only a fault', async () => {
    const { output } = files()
    await output.publish(resultMaker()(null, { state: 'missing', error: 'there is no such file' }))
    expect(await panelFileProblems(dir)).toEqual({})
    expect((await read('manifest.json')).files).toEqual(['unified_snapshot.json'])
  })

  test('find a file that was changed by another program', async () => {
    const { output } = files()
    await output.publish(resultMaker()(market(100)))
    const system = join(dir, 'system_enveloped.json')
    await writeFile(system, (await readFile(system, 'utf8')).replace('"interval": null', '"interval": 5'))
    await rm(join(dir, 'links_enveloped.json'))
    expect(await panelFileProblems(dir)).toEqual({
      'system_enveloped.json': 'mismatch',
      'links_enveloped.json': 'file_missing',
    })
  })
})

describe('with G6_PANELS_LEGACY_COMPAT', () => {
  test('each panel is there without its envelope too, with the same data', async () => {
    const { output } = files({ legacyCompat: true })
    const result = resultMaker()(market(100))
    await output.publish(result)
    const names = PANEL_FILES.map(({ name }) => name)
    expect((await shown()).sort()).toEqual([...ALL, ...names.map(name => `${name}.json`)].sort())
    for (const name of names) {
      const { panel, data } = await read(`${name}_enveloped.json`)
      const updated_at = new Date(result.board.builtAtMs).toISOString()
      expect(await read(`${name}.json`)).toEqual({ panel, updated_at, data })
    }
    const { files: named } = await read('manifest.json')
    expect(named).toEqual([...NAMED_BY_MANIFEST, ...names.map(name => `${name}.json`)].sort())
  })
})

describe('indices_stream.json', () => {
  const turn = (cycle: number) => ({
    loop: { cycle, last_run: '2025-11-20T04:00:00Z', last_duration: 1.5 },
    indices: { NIFTY: { ltp: cycle, status: 'ok', legs: 7, dq_score: 91.5 }, SENSEX: { status: 'WARN' } },
  })
  const indexAndCycle = async () =>
    (await read('indices_stream.json')).map(
      ({ index, cycle }: Record<string, unknown>) => `${index} ${cycle}`,
    )

  test('has an item for each index and collector cycle, the newest last', async () => {
    const { output } = files()
    const next = resultMaker()
    for (const cycle of [1, 1, 2]) await output.publish(next(turn(cycle)))
    expect(await indexAndCycle()).toEqual(['NIFTY 1', 'SENSEX 1', 'NIFTY 2', 'SENSEX 2'])
    expect((await read('indices_stream.json'))[0]).toEqual({
      index: 'NIFTY',
      status: 'OK',
      cycle: 1,
      time: '2025-11-20T04:00:00.000Z',
      time_hms: '09:30:00',
      legs: 7,
      avg: 1.5,
      success: null,
      dq_score: 91.5,
      dq_issues: null,
    })
  })

  test('keeps the last 50 items, and continues after a restart', async () => {
    const next = resultMaker()
    const first = files()
    for (let cycle = 1; cycle <= 30; cycle++) await first.output.publish(next(turn(cycle)))
    const again = files()
    await again.output.publish(next(turn(30)))
    await again.output.publish(next(turn(31)))
    const items = await indexAndCycle()
    expect(items).toHaveLength(50)
    expect(items.slice(0, 2)).toEqual(['NIFTY 7', 'SENSEX 7'])
    expect(items.slice(-4)).toEqual(['NIFTY 30', 'SENSEX 30', 'NIFTY 31', 'SENSEX 31'])
  })

  test.each([
    ['no JSON', '[{"index"'],
    ['no list', '{"items": []}'],
    ['no items', '["NIFTY", 5]'],
    ['too long', JSON.stringify([{ index: 'x'.repeat(2_000_000) }])],
    ['nested without end', '['.repeat(200_000)],
  ])('is started again when the existing file is %s', async (_what, text) => {
    await mkdir(dir)
    await writeFile(join(dir, 'indices_stream.json'), text)
    const { output } = files()
    await output.publish(resultMaker()(turn(1)))
    expect(await indexAndCycle()).toEqual(['NIFTY 1', 'SENSEX 1'])
  })

  test('reads nothing through a link in its place', async () => {
    await mkdir(dir)
    const secret = join(folder, 'secret.json')
    await writeFile(secret, JSON.stringify([{ index: 'secret' }]))
    await symlink(secret, join(dir, 'indices_stream.json'))
    const { output } = files()
    await output.publish(resultMaker()(turn(1)))
    expect(await indexAndCycle()).toEqual(['NIFTY 1', 'SENSEX 1'])
    expect(JSON.parse(await readFile(secret, 'utf8'))).toEqual([{ index: 'secret' }])
  })

  test('does not block on a pipe in its place', async () => {
    await mkdir(dir)
    execFileSync('mkfifo', [join(dir, 'indices_stream.json')])
    const { output } = files()
    await output.publish(resultMaker()(turn(1)))
    expect(await indexAndCycle()).toEqual(['NIFTY 1', 'SENSEX 1'])
  })

  test('without a number the cycle is identified by the minute of its start', async () => {
    const { output } = files()
    const next = resultMaker()
    for (const timestamp of ['2025-11-20T04:00:01Z', '2025-11-20T04:00:59Z', '2025-11-20T04:01:00Z']) {
      await output.publish(next({ timestamp, indices: ['NIFTY'] }))
    }
    expect(await read('indices_stream.json')).toMatchObject([
      { index: 'NIFTY', time: '2025-11-20T04:00:01.000Z' },
      { index: 'NIFTY', time: '2025-11-20T04:01:00.000Z' },
    ])
  })
})
