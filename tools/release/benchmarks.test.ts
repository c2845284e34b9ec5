import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { benchmarkChecks } from './benchmarks.js'
import { runChecks } from './report.js'
import type { RunTool } from './tool.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'g6-benchmarks-'))
  mkdirSync(join(root, 'dist/program'), { recursive: true })
  writeFileSync(join(root, 'dist/program/g6.js'), '')
})
afterEach(() => rmSync(root, { recursive: true }))

const slowSse: RunTool = async ({ args }) =>
  args.includes('sse')
    ? { code: 1, out: '{"p95": 9}', err: 'g6 bench:\n  too slow\n' }
    : { code: 0, out: '{}', err: '' }
const details = async (run: RunTool, skip: boolean) =>
  (await runChecks(benchmarkChecks(root, run, skip), () => 0)).checks.map(({ ok, detail }) => [ok, detail])

test('benchmarks within their limits pass; another one reports its miss', async () => {
  expect(await details(slowSse, false)).toEqual([
    [true, 'node dist/program/g6.js bench cycle --quick --check'],
    [false, 'exit 1: g6 bench: too slow'],
    [true, 'node dist/program/g6.js bench fanout --only cpu,gzip --quick --rounds 5 --check'],
  ])
})

test('when skipped they could not run', async () => {
  expect(await details(slowSse, true)).toEqual(Array(3).fill([false, 'could not run: G6_BENCH_SKIP is on']))
})

test('without a build they could not run', async () => {
  rmSync(join(root, 'dist'), { recursive: true })
  expect(await details(slowSse, false)).toEqual(
    Array(3).fill([false, expect.stringMatching(/^could not run: dist\/.* is not built/)]),
  )
})
