// Every document of test/fixtures/documents, in the real pipeline: from its file to a board and a verdict.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { printSnapshot } from '../../src/app/one-board.js'
import { sourceOf } from '../../src/app/source.js'
import { systemClock } from '../../src/clock/clock.js'
import { loadConfig } from '../../src/config/load.js'
import { silentLog } from '../../src/log/log.js'
import { silentMetrics } from '../../src/metrics/metrics.js'
import { EXPECTED } from './expected.js'

const FOLDER = fileURLToPath(new URL('../fixtures/documents', import.meta.url))
const FILES = readdirSync(FOLDER)
/** A fixture is as old as the checkout. */
const ANY_AGE = '{"stream.stale.warn_sec": 1e12, "stream.stale.error_sec": 1e12}'

type Shown = {
  readonly verdict: { readonly word: string; readonly reasons: readonly string[] }
  readonly panels: Readonly<Record<string, { readonly title: string; readonly lines: readonly string[] }>>
}

async function boardOf(file: string): Promise<Shown> {
  const loaded = loadConfig({
    env: {
      G6_SUMMARY_STATUS_FILE: `${FOLDER}/${file}`,
      G6_SUMMARY_THRESH_OVERRIDES: ANY_AGE,
      G6_TIMEZONE: 'UTC',
    },
  })
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
  const { config } = loaded
  const parts = {
    ...{ config, settings: () => config, metrics: silentMetrics(), log: silentLog, clock: systemClock },
    panels: [],
  }
  let [out, problems] = ['', '']
  const edge = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (problems += text) },
  }
  expect([await printSnapshot(parts, { source: sourceOf([]), json: true }, edge), problems]).toEqual([0, ''])
  return JSON.parse(out) as Shown
}

test('every document has expectations', () => {
  expect(FILES.sort()).toEqual(Object.keys(EXPECTED).sort())
})

describe.each(FILES)('%s', file => {
  const expected = EXPECTED[file]

  test('has the right word, for the right reasons, and shows what matters', async () => {
    const before = process.cpuUsage()
    const { verdict, panels } = await boardOf(file)
    const { user, system } = process.cpuUsage(before)
    const shown = Object.values(panels)
    const text = shown.map(({ title, lines }) => `${title}\n${lines.join('\n')}`).join('\n')
    const reasons = verdict.reasons.join('\n')
    expect([verdict.word, reasons]).toEqual([expected?.word, reasons])
    expect(expected?.shows.filter(part => !text.includes(part))).toEqual([])
    expect((expected?.because ?? []).filter(because => !reasons.includes(because))).toEqual([])
    expect((expected?.never ?? []).filter(never => reasons.includes(never))).toEqual([])
    expect(shown.length).toBeLessThanOrEqual(14)
    // From nothing to a board in one second of a processor; one that others use too may need more.
    expect((user + system) / 1_000).toBeLessThan(5_000)
  })
})
