// The real command in a real terminal: a pty, and an emulator that shows what the command draws. Nothing sleeps: tests wait
// for the screen, and every wait has a limit.
import { fileURLToPath } from 'node:url'
import { type IPty, spawn } from '@lydell/node-pty'
import { type Emulator, emulator, feed, screenLines } from './emulator.js'

export const CLI = fileURLToPath(new URL('../../../dist/program/g6.js', import.meta.url))

const WAIT_MS = 30_000

export type PtyOptions = {
  readonly cols?: number
  readonly rows?: number
  readonly cwd?: string
  /** Added to an environment without this machine's own settings. */
  readonly env?: Readonly<Record<string, string>>
}

const running = new Set<PtyScreen>()

export class PtyScreen {
  readonly terminal: Emulator
  /** Everything the command wrote, in order. */
  raw = ''
  readonly exit: Promise<number>
  #ended = false
  #isWhole = true
  readonly #pty: IPty
  readonly #looks = new Set<() => void>()

  constructor(file: string, args: readonly string[], { cols = 120, rows = 40, cwd, env = {} }: PtyOptions) {
    this.terminal = emulator(cols, rows)
    const base = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' }
    this.#pty = spawn(file, [...args], {
      cols,
      rows,
      name: env.TERM ?? 'xterm-256color',
      env: { ...base, LANG: 'C.UTF-8', ...env },
      ...(cwd !== undefined && { cwd }),
    })
    running.add(this)
    this.#pty.onData(data => {
      this.raw += data
      // A frame is one synchronized update; a person never sees half of one.
      const isWhole = this.raw.lastIndexOf('\u001b[?2026h') <= this.raw.lastIndexOf('\u001b[?2026l')
      void feed(this.terminal, data).then(() => {
        this.#isWhole = isWhole
        this.#look()
      })
    })
    this.exit = new Promise(resolve => {
      this.#pty.onExit(({ exitCode }) => {
        running.delete(this)
        // The last output is still on its way through the emulator.
        void feed(this.terminal, '').then(() => {
          this.#ended = true
          this.#isWhole = true
          this.#look()
          resolve(exitCode)
        })
      })
    })
  }

  get pid(): number {
    return this.#pty.pid
  }

  get lines(): string[] {
    return screenLines(this.terminal)
  }

  get text(): string {
    return this.lines.join('\n')
  }

  /** Resolves as soon as the screen matches; rejects, with the screen, when it does not. */
  async until(holds: (text: string) => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => {
        done()
        reject(
          new Error(
            `${why} before ${what}; the screen:\n${this.text}\n${JSON.stringify(this.raw.slice(-400))}`,
          ),
        )
      }
      const timer = setTimeout(() => fail(`${WAIT_MS} ms went by`), WAIT_MS)
      const look = (): void => {
        if (this.#isWhole && holds(this.text)) {
          done()
          resolve()
        } else if (this.#ended) fail('the command ended')
      }
      const done = (): void => {
        clearTimeout(timer)
        this.#looks.delete(look)
      }
      this.#looks.add(look)
      look()
    })
  }

  shows(text: string): Promise<void> {
    return this.until(shown => shown.includes(text), `it shows ${JSON.stringify(text)}`)
  }

  hides(text: string): Promise<void> {
    return this.until(shown => !shown.includes(text), `it no longer shows ${JSON.stringify(text)}`)
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(cols: number, rows: number): void {
    this.terminal.resize(cols, rows)
    this.#pty.resize(cols, rows)
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** Ends it whatever it does; one that has just ended by itself is no error. */
  kill(): void {
    try {
      this.signal('SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  /** Stops reading. */
  pause(): void {
    this.#pty.pause()
  }

  resume(): void {
    this.#pty.resume()
  }

  #look(): void {
    for (const look of [...this.#looks]) look()
  }
}

export function g6Screen(args: readonly string[], options: PtyOptions = {}): PtyScreen {
  return new PtyScreen(process.execPath, [CLI, ...args], options)
}

/** After each test: ends every process that was started. */
export async function endAllScreens(): Promise<void> {
  await Promise.all(
    [...running].map(screen => {
      screen.resume()
      screen.kill()
      return screen.exit
    }),
  )
}
