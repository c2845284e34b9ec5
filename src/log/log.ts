// The program's logger: JSON lines (or pretty ones on a terminal), always on standard error, since standard output belongs to the
// command. No line ever contains a token, a ticket, a cookie or query text.
import type { Writable } from 'node:stream'
import { multistream, pino } from 'pino'
import { LinesOut } from './lines-out.js'
import { prettyLines } from './pretty.js'
import { printableLines, printableMessage } from './printable.js'

type Write = (fieldsOrMessage: object | string, message?: string) => void

/** What the program asks of a logger; one of pino's fits. */
export type Log = Readonly<Record<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', Write>> & {
  level: string
  isLevelEnabled(level: string): boolean
}

export type LogOptions = {
  readonly level: string
  readonly format: 'json' | 'pretty'
  /** Where lines go; standard error by default. */
  readonly destination?: Writable
  /** Gets every line too, as JSON. */
  readonly also?: Writable
}

export function createLog(options: LogOptions): Log {
  const destination = printableLines(options.destination ?? new LinesOut(process.stderr))
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const first =
    options.format === 'pretty'
      ? prettyLines()({
          destination,
          colorize: false,
          ignore: 'pid,hostname',
          sync: true,
          messageFormat: (line, key) => printableMessage(String(line[key] ?? '')),
        })
      : destination
  if (options.also === undefined) return pino(settings, first)
  // The logger filters by level; every line it writes goes to both.
  const level = 'trace'
  const both = [
    { stream: first, level },
    { stream: printableLines(options.also), level },
  ] as const
  return pino(settings, multistream([...both]))
}

/** A logger that writes nothing, for parts used without a program around them. */
export const silentLog: Log = pino({ level: 'silent' })
