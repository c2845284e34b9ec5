// Runs another program to its end: what it said, bounded in time and size. A program that is not there, was ended by a
// signal or took too long has not run, and that is an error, not a result.
import { spawn } from 'node:child_process'

export type ToolResult = { readonly code: number; readonly out: string; readonly err: string }

export type ToolCall = {
  readonly command: string
  readonly args: readonly string[]
  /** Working directory. */
  readonly cwd: string
  readonly input?: string
  readonly timeoutMs: number
  /** Said when the program is not there: where to get it. */
  readonly missing: string
}

export type RunTool = (call: ToolCall) => Promise<ToolResult>

/** Of each stream; a tool that says more is cut off there. */
const MAX_CHARS = 4 * 1024 ** 2

export const runTool: RunTool = ({ command, args, cwd, input = '', timeoutMs, missing }) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, timeout: timeoutMs, killSignal: 'SIGKILL' })
    const said = { out: '', err: '' }
    const keep = (stream: 'out' | 'err') => (text: string) => {
      said[stream] = (said[stream] + text).slice(0, MAX_CHARS)
    }
    child.stdout.setEncoding('utf8').on('data', keep('out'))
    child.stderr.setEncoding('utf8').on('data', keep('err'))
    // It may end without reading what it is given; its exit code says the rest.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', error => {
      const isMissing = 'code' in error && error.code === 'ENOENT'
      reject(isMissing ? new Error(missing) : error)
    })
    child.once('close', (code, signal) => {
      if (code !== null) resolve({ code, ...said })
      else reject(new Error(`${command} was ended by ${signal}, at most ${timeoutMs / 1000} s are allowed`))
    })
  })
