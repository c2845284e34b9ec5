import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkRules } from './prometheus.js'
import type { RunTool, ToolCall } from './tool.js'

let root: string
let calls: ToolCall[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'g6-rules-'))
  calls = []
  mkdirSync(join(root, 'deploy/prometheus'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const rules = (...names: string[]) => {
  for (const name of names) writeFileSync(join(root, 'deploy/prometheus', name), '')
}
const answering =
  (code: (call: ToolCall) => number): RunTool =>
  async call => {
    calls.push(call)
    return { code: code(call), out: 'FAILED\n  because\n', err: '' }
  }

test('rules are checked and their cases run', async () => {
  rules('b.yml', 'a.yml', 'a.test.yml', 'accepted.txt')
  const { ok } = await checkRules(
    root,
    answering(() => 0),
  )
  expect(ok).toBe(true)
  expect(calls.map(({ args }) => args.join(' '))).toEqual([
    'check rules a.yml b.yml',
    'test rules a.test.yml',
  ])
})

test.each(['check', 'test'])('what promtool %s finds is reported on one line', async step => {
  rules('a.yml', 'a.test.yml')
  expect(
    await checkRules(
      root,
      answering(({ args }) => (args[0] === step ? 1 : 0)),
    ),
  ).toEqual({
    ok: false,
    detail: `promtool ${step} rules: FAILED because`,
  })
})

test('no rules, no cases or no promtool: it could not run', async () => {
  rules('a.yml')
  await expect(
    checkRules(
      root,
      answering(() => 0),
    ),
  ).rejects.toThrow('no test cases')
  rules('a.test.yml')
  const gone: RunTool = async ({ missing }) => Promise.reject(new Error(missing))
  await expect(checkRules(root, gone)).rejects.toThrow('promtool is not installed')
})
