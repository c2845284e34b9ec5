import { describe, expect, test } from 'vitest'
import type { PanelDefinition } from '../panels/definition.js'
import type { Block } from '../panels/panel.js'
import { DEFAULT_THRESHOLDS } from '../panels/thresholds.js'
import { derive } from '../snapshot/derive.js'
import { type BuildContext, createPanelBuilder } from './panel-builder.js'

const LINKS = { source: null, metricsUrl: null, streamUrl: null, pageUrl: null }
const at = (nowMs: number, status = {}): BuildContext => ({
  snapshot: derive(status),
  thresholds: DEFAULT_THRESHOLDS,
  timezone: 'UTC',
  links: LINKS,
  nowMs,
})

function panel(key: string, build: () => readonly Block[]): PanelDefinition {
  const title = `Title of ${key}`
  return { key, title, order: 1, stability: 'stable', reads: ['app', 'market'], shown: () => true, build }
}

const fine = panel('fine', () => [{ kind: 'text', text: 'well' }])

function failing(error: unknown): PanelDefinition {
  return panel('bad', () => {
    throw error
  })
}

/** Another status each time, so that nothing is kept. */
const linesAt = (builder: ReturnType<typeof createPanelBuilder>, nowMs: number) =>
  builder.build(at(nowMs, { app: { name: `at ${nowMs}` } })).map(({ lines }) => lines.join('|'))

describe('a builder that throws', () => {
  test('shows an error panel with its own title, and the other panels as usual', () => {
    const faults: unknown[] = []
    const error = Object.assign(new Error('/secret/path is gone'), { code: 'ENOENT' })
    const onFault = (key: string, cause: unknown) => faults.push([key, cause])
    const builder = createPanelBuilder({ registry: [failing(error), fine], onFault })
    expect(builder.build(at(0))).toEqual([
      {
        ...{ key: 'bad', title: 'Title of bad', tone: 'error', lines: ['panel failed: ENOENT !!'] },
        blocks: [{ kind: 'text', text: 'panel failed: ENOENT', tone: 'error' }],
      },
      expect.objectContaining({ key: 'fine', lines: ['well'] }),
    ])
    expect(faults).toEqual([['bad', error]])
  })

  test.each([
    ['its name when it has no code', new RangeError('no'), 'RangeError'],
    ['a clean word when the code is not clean', { code: 'a\u001b[31m b\n!' }, 'a_b_'],
    ['a short word when the code is long', { code: 'x'.repeat(500) }, `${'x'.repeat(39)}_`],
    ['unknown when it is no error', null, 'unknown'],
    ['unknown when it is text', 'secret', 'unknown'],
    ['its name when the code is a number', Object.assign(new Error('no'), { code: 7 }), 'Error'],
  ])('says %s', (_, error, code) => {
    const [shown] = createPanelBuilder({ registry: [failing(error)] }).build(at(0))
    expect(shown?.lines).toEqual([`panel failed: ${code} !!`])
  })

  test('while it decides whether it is shown costs only its own panel too', () => {
    const shown = () => {
      throw new TypeError('no')
    }
    const builder = createPanelBuilder({ registry: [{ ...fine, key: 'odd', shown }, fine] })
    expect(linesAt(builder, 0)).toEqual(['panel failed: TypeError !!', 'well'])
  })

  test('is paused after 3 failures in a row, tried once after 30 s, and paused again', () => {
    let calls = 0
    const bad = panel('bad', () => {
      calls++
      throw new Error('no')
    })
    const builder = createPanelBuilder({ registry: [bad] })
    const seen = [0, 1, 2, 3, 30_001, 30_002, 30_003, 60_001, 60_002].map(now => linesAt(builder, now)[0])
    const [failed, paused] = ['panel failed: Error !!', 'panel resting after 3 failures !!']
    expect(seen).toEqual([failed, failed, failed, paused, paused, failed, paused, paused, failed])
    expect(calls).toBe(5)
  })

  test('counts failures from 0 after it has worked once', () => {
    let broken = true
    const flaky = panel('flaky', () => {
      if (broken) throw new Error('no')
      return [{ kind: 'text', text: 'well' }]
    })
    const builder = createPanelBuilder({ registry: [flaky] })
    const step = (now: number, isBroken: boolean) => {
      broken = isBroken
      return linesAt(builder, now)[0]
    }
    expect([step(0, true), step(1, true), step(2, false), step(3, true), step(4, true)]).toEqual([
      'panel failed: Error !!',
      'panel failed: Error !!',
      'well',
      'panel failed: Error !!',
      'panel failed: Error !!',
    ])
    expect([step(5, false), step(6, true), step(7, true), step(8, true), step(40_000, false)]).toEqual([
      'well',
      'panel failed: Error !!',
      'panel failed: Error !!',
      'panel failed: Error !!',
      'well',
    ])
  })

  test('does not pause the panels of another builder object', () => {
    const builders = [1, 2, 3, 4].map(() => createPanelBuilder({ registry: [failing(new Error('no'))] }))
    expect(builders.map(builder => linesAt(builder, 0)[0])).toEqual(Array(4).fill('panel failed: Error !!'))
  })
})

describe('panels', () => {
  test('that are not shown are left out', () => {
    const hidden = { ...fine, key: 'hidden', shown: () => false }
    expect(createPanelBuilder({ registry: [hidden, fine] }).build(at(0))).toHaveLength(1)
  })

  test('of the same snapshot are not built again until time alone may change them', () => {
    const built: string[] = []
    const timeless = panel('timeless', () => {
      built.push('timeless')
      return []
    })
    const timed: PanelDefinition = {
      ...fine,
      key: 'timed',
      usesNow: true,
      build: ({ nowMs }) => {
        built.push('timed')
        return [{ kind: 'text', text: String(nowMs) }]
      },
      changesAtMs: ({ nowMs }) => nowMs + 10,
    }
    const builder = createPanelBuilder({ registry: [timeless, timed] })
    const context = at(1)
    const [before] = builder.build(context)
    expect(builder.build({ ...context, nowMs: 10 })[1]?.lines).toEqual(['1'])
    const [after, now] = builder.build({ ...context, nowMs: 11 })
    expect(after).toBe(before)
    expect(now?.lines).toEqual(['11'])
    // After a clock was set back nobody knows what had passed.
    expect(builder.build({ ...context, nowMs: 5 })[1]?.lines).toEqual(['5'])
    expect(built).toEqual(['timeless', 'timed', 'timed', 'timeless', 'timed'])
  })

  test.each([
    ['snapshot', { snapshot: derive({ app: { name: 'g6' } }) }],
    ['thresholds', { thresholds: { ...DEFAULT_THRESHOLDS } }],
    ['timezone', { timezone: 'Asia/Kolkata' }],
    ['links', { links: { ...LINKS } }],
    ['index fails', { indexFails: {} }],
  ])('are built again when the %s is another', (_, change) => {
    let count = 0
    const counting = panel('counting', () => [{ kind: 'text', text: String(++count) }])
    const builder = createPanelBuilder({ registry: [counting] })
    const context = at(0)
    const texts = [context, context, { ...context, ...change }, context].map(
      one => builder.build(one)[0]?.lines[0],
    )
    expect(texts).toEqual(['1', '1', '2', '3'])
  })

  test('are not built again while what they read is equal, even when everything else changed', () => {
    let count = 0
    const counting = panel('counting', () => [{ kind: 'text', text: String(++count) }])
    const builder = createPanelBuilder({ registry: [counting] })
    const firstLine = (status: object) => builder.build(at(0, status))[0]?.lines[0]
    expect(firstLine({ app: { name: 'g6' } })).toBe('1')
    expect(firstLine({ app: { name: 'g6' }, resources: { cpu: 1 } })).toBe('1')
    expect(firstLine({ app: { name: 'g7' }, resources: { cpu: 1 } })).toBe('2')
  })

  test('report how long they took when they were built without an error', () => {
    let now = 0
    const slow = panel('slow', () => {
      now += 250
      return []
    })
    const timings: unknown[] = []
    const onTiming = (key: string, seconds: number) => timings.push([key, seconds])
    const registry = [slow, failing(new Error('no')), { ...fine, shown: () => false }]
    const builder = createPanelBuilder({ registry, clockMs: () => now, onTiming })
    const context = at(0)
    builder.build(context)
    builder.build(context)
    expect(timings).toEqual([['slow', 0.25]])
  })
})

describe('a custom panel', () => {
  const shown = (n: number) => ({ title: `Title ${n}`, blocks: [{ kind: 'text' as const, text: String(n) }] })

  test('is built from the status in every cycle, after the others', () => {
    const build = ({ status, nowMs }: { status: { n?: unknown }; nowMs: number }) =>
      shown(Number(status.n) + nowMs)
    const builder = createPanelBuilder({ registry: [fine], custom: [{ key: 'mine', build }] })
    const context = at(1, { n: 10 })
    const titles = (built: readonly { title: string }[]) => built.map(({ title }) => title)
    expect(titles(builder.build(context))).toEqual(['Title of fine', 'Title 11'])
    expect(titles(builder.build({ ...context, nowMs: 2 }))).toEqual(['Title of fine', 'Title 12'])
  })

  test('is not shown while it builds null, and comes back', () => {
    let content: ReturnType<typeof shown> | null = null
    const builder = createPanelBuilder({ registry: [fine], custom: [{ key: 'mine', build: () => content }] })
    const context = at(1)
    expect(builder.build(context)).toHaveLength(1)
    content = shown(1)
    expect(builder.build({ ...context, nowMs: 2 })).toHaveLength(2)
  })
})
