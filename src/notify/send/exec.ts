// Commands: no shell, the message as JSON on standard input, nothing of it as an argument. A command has a process group of its own,
// which is killed at the time limit and at shutdown; what it prints is bounded and goes to the log only when it fails.
import { spawn } from 'node:child_process'
import type { NotifyTarget } from '../../config/notify-targets.js'
import { MESSAGE_WIDTH, shownText } from '../../panels/text.js'
import type { Outcome, Sender } from '../delivery.js'

export type ExecTarget = Extract<NotifyTarget, { readonly kind: 'exec' }>

/** Between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 1_000
const MAX_ERROR_BYTES = 4_096
const ENVIRONMENT = ['PATH', 'HOME', 'LANG'] as const

export type ExecOptions = {
  readonly target: ExecTarget
  readonly env: Readonly<Record<string, string | undefined>>
  /** The last line that a command that failed wrote to standard error. */
  readonly onErrors: (command: string, errors: string) => void
  readonly killAfterMs?: number
}

export function createExecSender(options: ExecOptions): Sender {
  const { target } = options
  const name = shownText((target.command[0] ?? '').replace(/^.*\//, ''))
  return {
    shown: `exec ${name}`,
    send: (message, signal) => run(options, name, `${JSON.stringify(message)}\n`, signal),
    close: () => Promise.resolve(),
  }
}

function run(
  { target, env, onErrors, killAfterMs = KILL_AFTER_MS }: ExecOptions,
  name: string,
  input: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const [command = '', ...args] = target.command
  return new Promise(resolve => {
    const child = spawn(command, args, {
      env: Object.fromEntries(ENVIRONMENT.flatMap(key => (env[key] === undefined ? [] : [[key, env[key]]]))),
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    })
    let errors = ''
    let fault: string | null = null
    let killLater: NodeJS.Timeout | undefined
    const kill = (): void => {
      groupSignal(child.pid, 'SIGKILL')
      child.stderr.destroy()
    }
    const stop = (why: string): void => {
      fault ??= why
      groupSignal(child.pid, 'SIGTERM')
      killLater ??= setTimeout(kill, killAfterMs)
    }
    const limit = setTimeout(() => stop('it has not ended in time'), target.timeoutMs)
    const onAbort = (): void => stop('it was stopped')
    signal.addEventListener('abort', onAbort)
    child.stderr.on('data', (piece: Buffer) => {
      errors = `${errors}${piece.toString('utf8')}`.slice(-MAX_ERROR_BYTES)
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      fault ??= `it cannot be run (${error.code ?? 'unknown'})`
    })
    // A command that reads nothing, or ends before it has read all, closes the pipe: its exit code says how it went.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    // What it started may keep its output open.
    child.once('exit', () => {
      killLater ??= setTimeout(kill, killAfterMs)
    })
    child.once('close', (code, by) => {
      clearTimeout(limit)
      clearTimeout(killLater)
      signal.removeEventListener('abort', onAbort)
      if (fault !== null) groupSignal(child.pid, 'SIGKILL')
      const last = shownText(errors.trim().split('\n').at(-1) ?? '', MESSAGE_WIDTH)
      if (fault === null && code === 0) {
        resolve({ ok: true })
        return
      }
      if (last !== '') onErrors(name, last)
      resolve({ ok: false, why: fault ?? (by === null ? `exit code ${code}` : `ended by ${by}`) })
    })
  })
}

function groupSignal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // The group is gone.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
