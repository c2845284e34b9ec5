// A child process of a benchmark: it prints lines, takes lines, and never outlives this process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { complain } from '../src/log/print.js'

const END_MS = 3_000
/** Lines that nobody reads: the oldest are dropped. */
const MAX_LINES = 1_000
const running = new Set<Child>()

export type ChildOptions = {
  /** The stream whose lines are read; the other one is passed on (errors) or ignored (output). */
  readonly lines?: 'stdout' | 'stderr'
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export class Child {
  readonly #process: ChildProcess
  readonly #name: string
  readonly #exited: Promise<unknown>
  readonly #lines: string[] = []
  #wake: () => void = () => {}
  #ended = false
  /** The first line that names an error, else the last line of errors. */
  #complaint = ''

  constructor(name: string, command: readonly string[], { lines = 'stdout', env, cwd }: ChildOptions = {}) {
    this.#name = name
    const [file = '', ...args] = command
    const stdout = lines === 'stdout' ? 'pipe' : 'ignore'
    const settings = { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) }
    this.#process = spawn(file, args, { ...settings, stdio: ['pipe', stdout, 'pipe'] })
    endAllOnExit()
    running.add(this)
    this.#exited = once(this.#process, 'close').catch((error: Error) => {
      this.#complaint = error.message
    })
    void this.#exited.then(() => {
      this.#ended = true
      running.delete(this)
      this.#wake()
    })
    const { stdin, stdout: out, stderr: errors } = this.#process
    // Writing to a child that has ended fails; `line` reports the end.
    stdin?.on('error', () => {})
    if (out !== null) createInterface({ input: out }).on('line', line => this.#keep(line))
    if (errors === null) return
    createInterface({ input: errors }).on('line', line => {
      if (line.trim() !== '' && !/^\w*Error\b/.test(this.#complaint)) this.#complaint = line.trim()
      if (lines === 'stderr') this.#keep(line)
      else complain(`${line}\n`)
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  #keep(line: string): void {
    if (this.#lines.push(line) > MAX_LINES) this.#lines.shift()
    this.#wake()
  }

  /** The next line; throws when the child ends first or needs longer than `limitMs`. */
  async line(limitMs: number): Promise<string> {
    const deadline = performance.now() + limitMs
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#ended) throw new Error(this.#howItEnded())
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`${this.#name} printed nothing for ${limitMs} ms`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #howItEnded(): string {
    const how = `${this.#name} ended with ${this.#process.exitCode ?? 'a signal'}`
    return this.#complaint === '' ? how : `${how}: ${this.#complaint}`
  }

  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** SIGTERM lets it end its own children (nginx) and write its last files; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#exited
  }

  /** Closes its input, which asks it to end, and kills it when it does not. */
  async end(): Promise<void> {
    this.#process.stdin?.end()
    const timer = setTimeout(() => this.kill(), END_MS)
    await this.#exited
    clearTimeout(timer)
  }
}

let isArmed = false
function endAllOnExit(): void {
  if (isArmed) return
  isArmed = true
  process.once('exit', () => {
    for (const child of running) void child.stop()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}
