// Several named sources as one document: each document is the member of its name, and that of a source without a name is the
// document itself. A source that fails keeps its last good document; the reading says which one it is and why.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { PushTarget } from '../engine/push-target.js'
import type { Source } from '../engine/source.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { joinedWarnings } from '../ingest/json-text.js'
import { documentTime } from '../snapshot/derive.js'
import type {
  BadReading,
  DataWarning,
  GoodReading,
  Reading,
  SourcePart,
  Status,
} from '../snapshot/reading.js'
import type { SourceZone } from '../snapshot/zone.js'
import { warningsOf } from './composite.js'

/** How long the first reading waits for sources that have not answered at all. */
const GRACE_MS = 2_000

export type NamedSource = {
  /** Null: its document is the whole, in which the others are members. */
  readonly name: string | null
  readonly source: Source
}

export type NamedSourcesOptions = {
  readonly sources: readonly NamedSource[]
  /** The zone of times that name none. */
  readonly zone: () => SourceZone
  readonly graceMs?: number
  readonly clock?: Clock
  readonly timers?: Timers
}

type Member = NamedSource & {
  good: GoodReading | null
  writtenAtMs: number | null
  /** Null while the source is up. */
  bad: BadReading | null
}

export class NamedSources implements Source {
  readonly name: string
  readonly #members: readonly Member[]
  readonly #options: NamedSourcesOptions
  #tell: ((reading: Reading) => void) | null = null
  #cancelGrace: () => void = () => {}
  #graceIsOver = false
  /** The last document, and the documents that it was made of. */
  #made: { readonly status: Status; readonly of: readonly (Status | null)[] } | null = null

  constructor(options: NamedSourcesOptions) {
    this.#options = options
    // A name wins over a member of the document without a name.
    const inOrder = [...options.sources].sort((a, b) => Number(a.name !== null) - Number(b.name !== null))
    this.#members = inOrder.map(each => ({ ...each, good: null, writtenAtMs: null, bad: null }))
    this.name = this.#members.map(nameOf).join(', ')
  }

  start(onReading: (reading: Reading) => void): void {
    const { graceMs = GRACE_MS, timers = systemTimers } = this.#options
    this.#tell = onReading
    this.#cancelGrace = timers.after(graceMs, () => {
      this.#graceIsOver = true
      if (this.#members.some(isSilent)) this.#emit()
    })
    for (const member of this.#members) member.source.start(reading => this.#take(member, reading))
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#members.map(({ source }) => source.refresh()))
  }

  get pushTargets(): readonly PushTarget[] {
    return this.#members.flatMap(({ source }) => source.pushTargets ?? [])
  }

  ingest(nowMs: number, intervalSec: number | null): readonly IngestStats[] {
    return this.#members.flatMap(({ source }) => source.ingest?.(nowMs, intervalSec) ?? [])
  }

  async close(): Promise<void> {
    this.#tell = null
    this.#cancelGrace()
    await Promise.all(this.#members.map(({ source }) => source.close()))
  }

  #take(member: Member, reading: Reading): void {
    if (reading.ok) {
      member.writtenAtMs = writtenAtMs(reading, this.#options.zone())
      member.good = reading
      member.bad = null
    } else member.bad = reading
    this.#emit()
  }

  #emit(): void {
    const members = this.#members
    if (!this.#graceIsOver && members.some(isSilent)) return
    const goods = members.flatMap(({ good }) => good ?? [])
    const bads = members.flatMap(member =>
      member.bad === null ? [] : [{ name: nameOf(member), ...member.bad }],
    )
    const [firstBad] = bads
    if (firstBad !== undefined && bads.length === members.length) {
      const message = bads.map(bad => `${bad.name}: ${bad.message}`).join('; ')
      this.#tell?.({ ok: false, error: firstBad.error, message, readAtMs: this.#now() })
    } else if (goods.length > 0) this.#tell?.(this.#whole(goods))
  }

  #whole(goods: readonly GoodReading[]): GoodReading {
    const warnings = this.#warnings()
    return {
      ok: true,
      status: this.#document(),
      readAtMs: this.#now(),
      // As old as its newest part; `parts` says how old each is.
      modifiedAtMs: Math.max(...goods.map(({ modifiedAtMs }) => modifiedAtMs)),
      sizeBytes: goods.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      parts: this.#members.map(partOf),
      ...(warnings.length === 0 ? {} : { warnings }),
    }
  }

  /** The same object while no part has changed. */
  #document(): Status {
    const of = this.#members.map(({ good }) => good?.status ?? null)
    if (this.#made?.of.every((status, i) => status === of[i])) return this.#made.status
    const base = this.#members.find(({ name }) => name === null)?.good?.status ?? {}
    const entries = this.#members.flatMap(({ name, good }) =>
      name === null || good === null ? [] : [[name, good.status] as const],
    )
    const status = { ...base, ...Object.fromEntries(entries) }
    this.#made = { status, of }
    return status
  }

  /** With the name of the source before each path. */
  #warnings(): readonly DataWarning[] {
    return this.#members
      .flatMap(({ name, good }) =>
        warningsOf(good).map(warning =>
          name === null ? warning : { ...warning, path: `${name}.${warning.path}` },
        ),
      )
      .reduce<readonly DataWarning[]>((all, warning) => joinedWarnings(all, [warning]), [])
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).nowMs()
  }
}

const nameOf = ({ name, source }: NamedSource): string => name ?? source.name

const isSilent = ({ good, bad }: Member): boolean => good === null && bad === null

function writtenAtMs(
  { status, readAtMs, modifiedAtMs, ageMs, isRecorded = false }: GoodReading,
  zone: SourceZone,
): number {
  const own = isRecorded ? null : documentTime(status, zone)
  if (own !== null && own <= readAtMs) return own
  return ageMs === undefined ? modifiedAtMs : readAtMs - ageMs
}

function partOf(member: Member): SourcePart {
  const { good, bad, writtenAtMs: writtenMs } = member
  const everyMs = good?.everyMs
  return {
    name: nameOf(member),
    fault: bad === null ? null : { error: bad.error, message: bad.message },
    writtenAtMs: writtenMs,
    ...(everyMs === undefined ? {} : { everyMs }),
  }
}
