// The real command in its own process, as a person or a supervisor runs it. `npm test` builds it first.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../dist/program/g6.js', import.meta.url))

export type Running = {
  readonly child: ChildProcess
  /** Its output so far. */
  readonly output: () => { readonly out: string; readonly err: string }
  /** Resolves with the match once standard output or standard error has one; rejects when it exits without. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** The address of the port with all routes. */
  url(): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>
}

const running = new Set<ChildProcess>()

export type How = {
  /** A command that runs it, before its own arguments. */
  readonly via?: readonly string[]
  /** Open files in place of the captured pipes. */
  readonly out?: number
  readonly err?: number
  /** `pipe`: the test writes to its standard input. */
  readonly input?: 'pipe'
}

export function g6(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { via = [], out: outTo, err: errTo, input }: How = {},
): Running {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('G6_')))
  const [command = process.execPath, ...words] = [...via, process.execPath, CLI, ...args]
  const child = spawn(command, words, {
    env: { ...clean, ...env },
    stdio: [input ?? 'ignore', outTo ?? 'pipe', errTo ?? 'pipe'],
  })
  running.add(child)
  let out = ''
  let err = ''
  const waiting = new Set<() => void>()
  const heard = (): void => {
    for (const look of [...waiting]) look()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
    heard()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
    heard()
  })
  let ended = false
  const exit = new Promise<number | NodeJS.Signals>(resolve => {
    child.once('close', (code, signal) => {
      running.delete(child)
      ended = true
      heard()
      resolve(code ?? signal ?? 1)
    })
  })
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(out) ?? pattern.exec(err)
        if (match === null && !ended) return
        waiting.delete(look)
        if (match !== null) resolve(match)
        else reject(new Error(`it exited without printing ${pattern}; its output:\n${out}\n${err}`))
      }
      waiting.add(look)
      look()
    })
  return {
    child,
    output: () => ({ out, err }),
    until,
    url: async () => (await until(/"url":"(http:[^"]+)"/))[1] ?? '',
    signal: name => void child.kill(name),
    exit,
  }
}

/** After each test: ends every process that was started. */
export async function endAll(): Promise<void> {
  const ends = [...running].map(child => new Promise<void>(resolve => child.once('close', () => resolve())))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(ends)
}
