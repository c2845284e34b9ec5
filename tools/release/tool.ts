// Runs another program to its end, bounded in time, and returns its output, bounded in size. A program that is not installed, is
// ended by a signal or takes too long is an error, not a result.
import { spawn } from 'node:child_process'

export type ToolResult = { readonly code: number; readonly out: string; readonly err: string }

export type ToolCall = {
  readonly command: string
  readonly args: readonly string[]
  /** Working directory. */
  readonly cwd: string
  readonly input?: string
  readonly timeoutMs: number
  /** The error when the program is not installed: where to get it. */
  readonly missing: string
}

export type RunTool = (call: ToolCall) => Promise<ToolResult>

/** Of each stream; further output is dropped. */
const MAX_CHARS = 4 * 1024 ** 2

export const runTool: RunTool = ({ command, args, cwd, input = '', timeoutMs, missing }) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, timeout: timeoutMs, killSignal: 'SIGKILL' })
    const printed = { out: '', err: '' }
    const keep = (stream: 'out' | 'err') => (text: string) => {
      printed[stream] = (printed[stream] + text).slice(0, MAX_CHARS)
    }
    child.stdout.setEncoding('utf8').on('data', keep('out'))
    child.stderr.setEncoding('utf8').on('data', keep('err'))
    // It may end without reading its input; its exit code is the result.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', error => {
      const isMissing = 'code' in error && error.code === 'ENOENT'
      reject(isMissing ? new Error(missing) : error)
    })
    child.once('close', (code, signal) => {
      if (code !== null) resolve({ code, ...printed })
      else reject(new Error(`${command} was ended by ${signal}; the time limit is ${timeoutMs / 1000} s`))
    })
  })
