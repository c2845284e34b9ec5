import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { automaticBoard } from '../automatic/board.js'
import { PANELS } from '../panels/registry.js'
import { readBoard } from './board.js'
import { boardFileOf } from './init.js'

const NOW_MS = Date.parse('2026-11-29T16:00:00Z')

test.each([
  'elasticsearch-cluster-health',
  'kafka-connect-status',
  'kubectl-get-node',
  'rabbitmq-overview',
  'statuspage-summary',
])('the board of %s has no mistake and shows the panels of the automatic board', name => {
  const at = new URL(`../../test/fixtures/documents/${name}.json`, import.meta.url)
  const document = JSON.parse(readFileSync(at, 'utf8'))
  const text = boardFileOf(document, { source: ['[source]', 'file = "x"'], schema: 'x', nowMs: NOW_MS })
  const read = readBoard(text, 'toml', () => ({ names: [], faults: [] }))
  if (!read.ok) throw new Error(JSON.stringify(read.findings))
  const made = read.board.make(document, { nowMs: NOW_MS, timezone: 'UTC' })
  expect(read.board.findingsOf(made.faults)).toEqual([])
  const reserved = new Set(PANELS.map(({ key }) => key))
  const wanted = automaticBoard(document, {
    skip: new Set(),
    reserved,
    nowMs: NOW_MS,
    timezone: 'UTC',
  }).panels
  expect(made.panels.map(({ key, title }) => [key, title])).toEqual(
    wanted.map(({ key, title }) => [key, title]),
  )
  // Missing values and counts of what is left out are shown in another way.
  const shown = (lines: readonly string[]): readonly string[] =>
    lines.filter(line => !/^(count|not well): |not shown|: (none|—)$/.test(line))
  for (const [i, { key, lines }] of wanted.entries())
    expect([key, shown(made.panels[i]?.lines ?? [])]).toEqual([key, shown(lines)])
})
