import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resultMaker } from '../../../test/support/results.js'
import { systemEdge } from '../../files/atomic.js'
import { silentLog } from '../../log/log.js'
import { ENVELOPED } from './documents.js'
import { createDossierOutput } from './dossier.js'
import { createPanelFilesOutput, type PanelFilesOptions } from './panel-files.js'

let folder = ''
let dir = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-files-'))
  dir = join(folder, 'panels')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const ALL = ['unified_snapshot.json', 'manifest.json', ...ENVELOPED.map(({ file }) => file)].sort()
const market = (ltp: number) => ({ app: { version: '1.4.2' }, indices: { NIFTY: { ltp } } })

function files(options: Partial<PanelFilesOptions> = {}) {
  const onWritten = vi.fn()
  const onFault = vi.fn()
  const output = createPanelFilesOutput({
    dir,
    basic: false,
    generator: 'g6-stream 0.0.0',
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

const read = async (file: string) => JSON.parse(await readFile(join(dir, file), 'utf8'))

describe('panel files', () => {
  test('are all there after the first cycle, whole, and nothing else', async () => {
    const { output } = files()
    const result = resultMaker()(market(100))
    await output.publish(result)
    expect((await readdir(dir)).sort()).toEqual(ALL)
    expect(await read('indices_panel_enveloped.json')).toMatchObject({
      panel: 'indices',
      version: 1,
      generated_at: result.board.builtAtMs / 1000,
      updated_at: new Date(result.board.builtAtMs).toISOString(),
      data: { count: 1, items: [{ name: 'NIFTY', ltp: 100 }] },
      meta: { source: 'summary', schema: 'v1', hash: result.board.panels.get('indices')?.hash },
    })
    expect(await read('unified_snapshot.json')).toEqual({
      schema_version: 'v1',
      cycle: 1,
      ts_built: result.board.builtAtMs / 1000,
      indices_count: 1,
      alerts_total: 0,
      errors: [],
    })
    expect(await read('manifest.json')).toMatchObject({
      schema_version: 'v1',
      generator: 'g6-stream 0.0.0',
      files: expect.arrayContaining(['unified_snapshot.json', 'links_enveloped.json']),
      app_version: '1.4.2',
      hashes: { indices: result.board.panels.get('indices')?.hash },
    })
  })

  test('are written only when what they say changed, the manifest last', async () => {
    const { output, written } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(written().at(-1)).toBe('manifest')
    await output.publish(next())
    expect(written()).toEqual([])
    await output.publish(next(market(101)))
    expect(written().sort()).toEqual(['analytics', 'indices', 'manifest'])
  })

  test('basic: the first file only', async () => {
    const { output } = files({ basic: true })
    await output.publish(resultMaker()(market(100)))
    expect(await readdir(dir)).toEqual(['unified_snapshot.json'])
  })

  test('say what is wrong with the status', async () => {
    const { output } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next(undefined, { state: 'not_json', error: 'it is empty' }))
    expect((await read('unified_snapshot.json')).errors).toEqual([
      { kind: 'not_json', message: 'it is empty' },
    ])
  })

  test('say it when nothing but what is wrong changed', async () => {
    const { output } = files()
    const good = resultMaker()(market(100))
    await output.publish(good)
    await output.publish({ ...good, source: { ...good.source, state: 'io', error: 'it cannot be read' } })
    expect((await read('unified_snapshot.json')).errors).toEqual([
      { kind: 'io', message: 'it cannot be read' },
    ])
  })

  test('tell how long a round took in which something was written, and of no other', async () => {
    const onRound = vi.fn()
    const { output } = files({ onRound })
    const next = resultMaker()
    await output.publish(next(market(100)))
    await output.publish(next())
    expect(onRound).toHaveBeenCalledTimes(1)
    expect(onRound.mock.calls[0]?.[0]).toBeGreaterThan(0)
  })

  test('come back when their folder went away, though nothing changed', async () => {
    const { output } = files()
    const next = resultMaker()
    await output.publish(next(market(100)))
    await rm(dir, { recursive: true })
    await output.publish(next())
    expect((await readdir(dir)).sort()).toEqual(ALL)
  })

  test.each([
    ['at the start', true],
    ['later', false],
  ])('come back whole when their folder goes away in the middle of a round, %s', async (_when, atStart) => {
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
    expect((await readdir(dir)).sort()).toEqual(ALL)
  })

  test('one that cannot be replaced costs no other, is said once, and is tried again', async () => {
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
    expect(written()).toEqual(['alerts', 'manifest'])
    expect(log.info).toHaveBeenCalledTimes(1)
    expect((await readdir(dir)).filter(name => name.endsWith('.tmp'))).toEqual([])
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
    expect(onFault).toHaveBeenCalledTimes(8)
    isFull = false
    await output.publish(next())
    expect((await readdir(dir)).sort()).toEqual(ALL)
  })
})

describe('the dossier', () => {
  test('has the whole snapshot, hashes, statistics and origins, at most once an interval', async () => {
    const path = join(folder, 'deep', 'dossier.json')
    let nowMs = 0
    const output = createDossierOutput({ path, intervalMs: 5_000, monotonicMs: () => nowMs, log: silentLog })
    const next = resultMaker()
    const made = next(market(100))
    const timing = { indices: { avgMs: 0.1, p95Ms: 0.2, totalMs: 0.3, calls: 3 } }
    const result = { ...made, stats: { ...made.stats, timing: () => timing } }
    await output.publish(result)
    const dossier = JSON.parse(await readFile(path, 'utf8'))
    expect(dossier).toMatchObject({
      schema_version: 'v1',
      generation: 1,
      source: { state: 'fresh' },
      snapshot: { app: { version: '1.4.2' }, indices: [{ name: 'NIFTY', ltp: 100 }] },
      statistics: { cycles: 0 },
      timing,
    })
    expect(dossier.panel_hashes.indices).toBe(result.board.panels.get('indices')?.hash)
    expect(dossier.origins['app.version']).toBe('app.version')
    expect(dossier.snapshot.raw).toBeUndefined()
    nowMs = 4_999
    await output.publish(next(market(101)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(1)
    nowMs = 5_000
    await output.publish(next(market(102)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(3)
  })

  test('that could not be written is tried with the next cycle, not with the next interval', async () => {
    const path = join(folder, 'deep', 'dossier.json')
    await writeFile(join(folder, 'deep'), '')
    const onFault = vi.fn()
    const clock = { monotonicMs: () => 0 }
    const output = createDossierOutput({ path, intervalMs: 5_000, ...clock, log: silentLog, onFault })
    const next = resultMaker()
    await output.publish(next(market(100)))
    expect(onFault).toHaveBeenCalledTimes(1)
    await rm(join(folder, 'deep'))
    await output.publish(next(market(101)))
    expect(JSON.parse(await readFile(path, 'utf8')).cycle).toBe(2)
    expect(onFault).toHaveBeenCalledTimes(1)
  })
})
