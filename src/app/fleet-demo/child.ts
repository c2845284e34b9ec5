// A program that the demo of a fleet starts, ends and starts again.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Guard } from './guard.js'

/** One that does not end in this time is killed. */
const END_MS = 6_000
/** The last lines of its output, for the message when it ends by itself. */
const KEPT_LINES = 5

export type ChildOptions = {
  readonly command: string
  readonly args: () => readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly guard: Pick<Guard, 'watch'>
  readonly onLine?: (line: string) => void
  /** It ended; `how`: its exit code or signal. */
  readonly onEnd: (how: string) => void
}

export class Child {
  readonly #options: ChildOptions
  #process: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #last: readonly string[] = []

  constructor(options: ChildOptions) {
    this.#options = options
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  get lastLines(): string {
    return this.#last.join('\n')
  }

  /** Rejects when the command cannot be started. */
  async start(): Promise<void> {
    const { command, args, env, cwd, guard, onLine, onEnd } = this.#options
    // In a group of its own, so that Ctrl+C reaches the demo alone, which ends everything in order.
    const child = spawn(command, [...args()], { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const unwatch = child.pid === undefined ? () => {} : guard.watch(child.pid)
    this.#last = []
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', reject)
    })
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', line => {
        this.#last = [...this.#last, line].slice(-KEPT_LINES)
        onLine?.(line)
      })
    }
    await started
    this.#process = child
    this.#ended = new Promise(resolve => {
      child.once('close', (code, signal) => {
        this.#process = null
        unwatch()
        onEnd(signal ?? `exit code ${code}`)
        resolve()
      })
    })
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (child === null) return
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await this.#ended
    clearTimeout(timer)
  }
}
