// Documents that a command prints: no shell, one run at a time, bounded output. The command has a process group of its own, which
// is killed at the time limit, so that nothing it started stays behind.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { SILENT } from '../log/silent.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { ReadingError } from '../snapshot/reading.js'
import type { ExecSpec } from './declared.js'
import { type Answer, type GivenUp, type PolledOptions, PolledSource } from './polled.js'
import type { Environment } from './secret.js'

/** Between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 1_000
/** What is kept of standard error, for the log. */
const MAX_ERROR_BYTES = 4_096
/** What every command gets. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG'] as const

export type ExecSourceOptions = Omit<PolledOptions, 'name' | 'everyMs' | 'timeoutMs' | 'ask' | 'onClose'> & {
  /** `G6_STATUS_MAX_BYTES`; a source may have a limit of its own. */
  readonly maxBytes: number
  readonly env?: Environment
  readonly killAfterMs?: number
}

type Child = ChildProcessByStdio<null, Readable, Readable>

/** Why the commands of this board file are not run; null: they are. */
export function execRefusal(
  boardFile: string,
  isAllowed: boolean,
  modeOf: (path: string) => number = path => statSync(path).mode,
): string | null {
  if (!isAllowed)
    return `${boardFile} names commands (exec), which run only with G6_ALLOW_EXEC=1: read the file first, and set it if you trust each of them`
  if ((modeOf(boardFile) & 0o022) === 0) return null
  return `${boardFile} names commands (exec), and others than its owner may write it; allowed after chmod go-w`
}

const bad = (error: ReadingError, message: string): Answer => ({ kind: 'bad', error, message })

const SPAWN_FAULTS: Readonly<Record<string, readonly [ReadingError, string]>> = {
  ENOENT: ['missing', 'the command or its folder does not exist'],
  EACCES: ['forbidden', 'the command may not be run by this user'],
}

/** One run of a command. Settles when its group is gone, or has closed its output. */
class Run {
  readonly #command: string
  readonly #maxBytes: number
  readonly #killAfterMs: number
  readonly #child: Child
  readonly #pieces: Buffer[] = []
  #size = 0
  #errors = ''
  #fault: Answer | null = null
  #isStopped = false
  #killLater: NodeJS.Timeout | undefined
  readonly done: Promise<Answer>

  constructor(
    spec: ExecSpec,
    { maxBytes, env = process.env, killAfterMs = KILL_AFTER_MS }: ExecSourceOptions,
  ) {
    const [command, ...args] = spec.command
    const names = [...ENVIRONMENT, ...spec.env]
    this.#command = shownText(command.replace(/^.*\//, ''))
    this.#maxBytes = spec.maxBytes ?? maxBytes
    this.#killAfterMs = killAfterMs
    this.#child = spawn(command, args, {
      env: Object.fromEntries(names.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]]))),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    })
    this.done = this.#settled()
  }

  /** For the log: it may quote what the command works with. */
  get errors(): string {
    return shownText(this.#errors.trim().split('\n').at(-1) ?? '', MESSAGE_WIDTH)
  }

  /** Ends the group; the first reason counts. */
  stop(why: Answer): void {
    this.#fault ??= why
    if (this.#isStopped) return
    this.#isStopped = true
    this.#signal('SIGTERM')
    this.#killSoon()
  }

  #killSoon(): void {
    this.#killLater ??= setTimeout(() => this.#kill(), this.#killAfterMs)
  }

  /** Also what left the group keeps no pipe of ours open. */
  #kill(): void {
    this.#signal('SIGKILL')
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
  }

  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, name)
    } catch (error) {
      // The group is gone.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  #settled(): Promise<Answer> {
    const child = this.#child
    child.stdout.on('data', (piece: Buffer) => this.#take(piece))
    child.stderr.on('data', (piece: Buffer) => {
      this.#errors = `${this.#errors}${piece.toString('utf8')}`.slice(-MAX_ERROR_BYTES)
    })
    return new Promise(resolve => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        const [kind, message] = SPAWN_FAULTS[error.code ?? ''] ?? ['io', `it cannot be run (${error.code})`]
        this.#fault ??= bad(kind, `${this.#command}: ${message}`)
      })
      // What it started may keep its output open.
      child.once('exit', () => this.#killSoon())
      child.once('close', (code, signal) => {
        clearTimeout(this.#killLater)
        // What closed the output may still run.
        if (this.#isStopped) this.#signal('SIGKILL')
        resolve(this.#fault ?? this.#answer(code, signal))
      })
    })
  }

  #take(piece: Buffer): void {
    if (this.#fault !== null) return
    this.#size += piece.length
    if (this.#size <= this.#maxBytes) this.#pieces.push(piece)
    else this.stop(bad('too_large', `${this.#command} prints more than ${this.#maxBytes} bytes`))
  }

  #answer(code: number | null, signal: NodeJS.Signals | null): Answer {
    if (code === 0) return { kind: 'bytes', bytes: new Uint8Array(Buffer.concat(this.#pieces, this.#size)) }
    const how = signal === null ? `exit code ${code}` : signal
    return bad('io', `${this.#command} ended with ${how}`)
  }
}

/** Some words no command can have: they make it fail at once. */
function begun(spec: ExecSpec, options: ExecSourceOptions): Run | Answer {
  try {
    return new Run(spec, options)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return bad('io', `the command cannot be run (${code})`)
  }
}

export function createExecSource(spec: ExecSpec, options: ExecSourceOptions): PolledSource {
  const { everyMs, timeoutMs, command } = spec
  const { log = SILENT } = options
  const name = shownText(command[0])
  let logged = ''
  const ask = async (signal: AbortSignal): Promise<Answer> => {
    const run = begun(spec, options)
    if (!(run instanceof Run)) return run
    const giveUp = (): void => {
      const isTimeout = (signal.reason as GivenUp) === 'timeout'
      run.stop(bad('timeout', isTimeout ? `it has not ended within ${timeoutMs} ms` : 'it was stopped'))
    }
    signal.addEventListener('abort', giveUp)
    const answer = await run.done
    signal.removeEventListener('abort', giveUp)
    const { errors } = run
    if (answer.kind === 'bad' && errors !== '' && errors !== logged)
      log.warn({ source: name, errors }, 'the command says why')
    logged = answer.kind === 'bad' ? errors : ''
    return answer
  }
  return new PolledSource({ ...options, name, everyMs, timeoutMs, ask })
}
