// `g6 bench compare` and `fanout` as a script runs them: what they print, and their exit codes.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endAll, g6 } from './support/g6.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-compare-'))
})
afterEach(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

async function output(...words: readonly string[]) {
  const run = g6(['bench', ...words])
  const code = await run.exit
  return { code, ...run.output() }
}

type Values = Readonly<Record<string, number>>

/** Writes a report of one figure; returns its path. */
async function report(name: string, values: Values, bench = 'fanout'): Promise<string> {
  const spread = (value: number) => ({ median: value, min: value, max: value, count: 5 })
  const path = join(folder, name)
  const row = {
    name: 'bytes',
    unit: 'B',
    judged: 'ours',
    values: Object.fromEntries(Object.entries(values).map(([subject, value]) => [subject, spread(value)])),
  }
  const machine = { cpu: 'Some CPU', cores: 2, node: 'v20.19.0', load1: 0.5 }
  await writeFile(path, JSON.stringify({ bench, date: '2026-01-05T10:00:00.000Z', machine, rows: [row] }))
  return path
}

describe('g6 bench compare', () => {
  test('exits 0 when nothing is worse, and 1 when a figure is, which it names', async () => {
    const before = await report('before.json', { ours: 1_000 })
    const same = await output('compare', await report('same.json', { ours: 1_200 }), before)
    expect([same.code, same.err]).toEqual([0, ''])
    expect(same.out).toContain('0 of 1 figures worse than 1.3 × the baseline')
    const worse = await output('compare', await report('worse.json', { ours: 1_400 }), before)
    expect([worse.code, worse.err]).toEqual([1, ''])
    expect(worse.out).toMatch(/^bytes .* WORSE$/m)
  })

  test('accepts another bound, and prints all of it as JSON too', async () => {
    const before = await report('before.json', { ours: 1_000 })
    const run = await report('run.json', { ours: 1_400 })
    const { code, out } = await output('compare', run, before, '--bound', '1.5', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ worse: 0, bound: 1.5, figures: [{ name: 'bytes', ratio: 1.4 }] })
  })

  test('exits 1 when ours failed in the run, though no figure is worse', async () => {
    const before = await report('before.json', { ours: 1_000 })
    const other = await report('other.json', { ours: 1_000 })
    const both = JSON.parse(await readFile(before, 'utf8'))
    const lost = JSON.parse(await readFile(other, 'utf8'))
    both.rows.push({ ...both.rows[0], name: 'lost' })
    lost.rows.push({ ...lost.rows[0], name: 'lost', values: { bare: lost.rows[0].values.ours } })
    await writeFile(before, JSON.stringify(both))
    await writeFile(other, JSON.stringify(lost))
    const { code, out } = await output('compare', other, before)
    expect(code).toBe(1)
    expect(out).toContain('0 of 1 figures worse')
    expect(out).toContain('FAILED in the run: lost')
  })

  test('exits 1 on reports it cannot compare, and says which file or why', async () => {
    const fanout = await report('fanout.json', { ours: 1_000 })
    const soak = await report('soak.json', { ours: 1_000 }, 'soak')
    const none = await output('compare', join(folder, 'none.json'), fanout)
    expect([none.code, none.out]).toEqual([1, ''])
    expect(none.err).toContain('none.json: ENOENT')
    const kinds = await output('compare', soak, fanout)
    expect([kinds.code, kinds.out]).toEqual([1, ''])
    expect(kinds.err).toContain('a soak report cannot be compared with a fanout report')
  })
})

test('g6 bench fanout says what is wrong with a bad option and where help is', async () => {
  const { code, out, err } = await output('fanout', '--nope')
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe(
    "error: unknown option '--nope'\n(g6 --help lists the commands, g6 COMMAND --help its options)\n",
  )
})
