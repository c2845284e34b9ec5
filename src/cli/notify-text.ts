// Rules of notifications and mutes for people: a line each, in columns.
import { shortDuration } from '../display/age.js'
import { printableMessage } from '../log/printable.js'
import type { MuteData, NotifyDocument } from '../protocol/notify.js'
import { table } from './table.js'

const NOTHING = '–'
const NO_NUMBERS: ReadonlySet<number> = new Set()

const left = (untilMs: number, nowMs: number): string => shortDuration(Math.max(0, untilMs - nowMs))

export function rulesText({ rules, outbox }: NotifyDocument, nowMs: number): string {
  const rows = rules.map(({ name, phase, since, acknowledged, muted_until: until, condition, reasons }) =>
    [
      name,
      acknowledged ? `${phase}, acknowledged` : phase,
      since === null ? NOTHING : left(nowMs, since),
      until === null ? NOTHING : left(until, nowMs),
      reasons[0] ?? condition,
    ].map(printableMessage),
  )
  const head = ['rule', 'state', 'for', 'muted for', 'about']
  const { messages, oldest_sec: oldest } = outbox
  const waits =
    messages === 0 || oldest === null
      ? 'nothing waits to be delivered'
      : `${messages} not delivered yet, the oldest for ${shortDuration(oldest * 1000)}`
  return `${[...table([head, ...rows], NO_NUMBERS), waits].join('\n')}\n`
}

export function mutesText(mutes: readonly MuteData[], nowMs: number): string {
  if (mutes.length === 0) return 'nothing is muted by hand\n'
  const rows = mutes.map(({ id, until, rules, reason }) =>
    [id, left(until, nowMs), rules === null ? 'all' : rules.join(', '), reason].map(printableMessage),
  )
  return `${table([['id', 'still for', 'rules', 'reason'], ...rows], NO_NUMBERS).join('\n')}\n`
}

type Tested = {
  readonly rule: string
  readonly target: string
  readonly ok: boolean
  readonly why: string | null
}

export function testText(results: readonly Tested[]): string {
  return results
    .map(({ rule, target, ok, why }) => `${rule}: ${target}: ${ok ? 'taken' : `not taken (${why})`}`)
    .map(line => `${printableMessage(line)}\n`)
    .join('')
}
