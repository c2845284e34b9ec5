import { expect, test } from 'vitest'
import { runTool, type ToolCall } from './tool.js'

const node = (script: string, changes: Partial<ToolCall> = {}): ToolCall => ({
  command: process.execPath,
  args: ['-e', script],
  cwd: '.',
  timeoutMs: 30_000,
  missing: 'there is no node',
  ...changes,
})

test('what it said and how it ended', async () => {
  const script = 'process.stdin.pipe(process.stdout); console.error("e"); process.exitCode = 3'
  expect(await runTool(node(script, { input: 'in' }))).toEqual({ code: 3, out: 'in', err: 'e\n' })
})

test('a tool that is not there has not run', async () => {
  await expect(runTool(node('', { command: 'g6-no-such-tool' }))).rejects.toThrow('there is no node')
})

test('a tool that takes too long has not run', async () => {
  const call = node('setInterval(() => {}, 1000)', { timeoutMs: 50 })
  await expect(runTool(call)).rejects.toThrow('was ended by SIGKILL, at most 0.05 s are allowed')
})

test('one that does not read its input is no error', async () => {
  const { code } = await runTool(node('process.stdin.destroy()', { input: 'x'.repeat(1_000_000) }))
  expect(code).toBe(0)
})
