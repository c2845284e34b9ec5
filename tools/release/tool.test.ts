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

test('returns output and exit code', async () => {
  const script = 'process.stdin.pipe(process.stdout); console.error("e"); process.exitCode = 3'
  expect(await runTool(node(script, { input: 'in' }))).toEqual({ code: 3, out: 'in', err: 'e\n' })
})

test('a tool that is not installed is an error', async () => {
  await expect(runTool(node('', { command: 'g6-no-such-tool' }))).rejects.toThrow('there is no node')
})

test('a tool that takes too long is an error', async () => {
  const call = node('setInterval(() => {}, 1000)', { timeoutMs: 50 })
  await expect(runTool(call)).rejects.toThrow('was ended by SIGKILL; the time limit is 0.05 s')
})

test('a tool may leave its input unread', async () => {
  const { code } = await runTool(node('process.stdin.destroy()', { input: 'x'.repeat(1_000_000) }))
  expect(code).toBe(0)
})
