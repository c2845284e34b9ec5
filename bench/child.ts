// The processes of a measurement: started pinned to a core, talked to by lines, always reaped.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

const END_MS = 3_000
const running = new Set<Child>()

export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #name: string
  readonly #exited: Promise<unknown>
  readonly #lines: string[] = []
  #wake: () => void = () => {}
  #ended = false
  /** What it complained of: the first line that names an error, else the last one. */
  #complaint = ''

  constructor(name: string, command: readonly string[]) {
    this.#name = name
    const [file = '', ...args] = command
    this.#process = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(this)
    this.#exited = once(this.#process, 'close').catch((error: Error) => {
      process.stderr.write(`${name}: ${error.message}\n`)
    })
    void this.#exited.then(() => {
      this.#ended = true
      running.delete(this)
      this.#wake()
    })
    // It may have gone while we still speak to it; that it has gone is said by `line`.
    this.#process.stdin.on('error', () => {})
    createInterface({ input: this.#process.stderr }).on('line', line => {
      process.stderr.write(`${line}\n`)
      if (line.trim() !== '' && !/^\w*Error\b/.test(this.#complaint)) this.#complaint = line.trim()
    })
    createInterface({ input: this.#process.stdout }).on('line', line => {
      this.#lines.push(line)
      this.#wake()
    })
  }

  /** The next line it prints; an error when it ends before, or takes longer than `limitMs`. */
  async line(limitMs: number): Promise<string> {
    const deadline = performance.now() + limitMs
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#ended) throw new Error(this.#howItEnded())
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`${this.#name} said nothing for ${limitMs} ms`)
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
    this.#process.stdin.write(`${line}\n`)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** It ends what it started itself (nginx) before it goes. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** Closes its input, which asks it to end, and sees to it that it does. */
  async end(): Promise<void> {
    this.#process.stdin.end()
    const timer = setTimeout(() => this.kill(), END_MS)
    await this.#exited
    clearTimeout(timer)
  }
}

/** Nothing started here outlives this process, however it ends. */
export function reapOnExit(): void {
  process.once('exit', () => {
    for (const child of running) child.terminate()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}
