// The summary stream for one reader, without any I/O: events go in, the board and what to do next come out.
// test/vectors keep this and the Python client equal.
//
// Events of one generation form a group and are applied together. Every panel is checked against its hash before it is
// shown. A mismatch is never repaired locally: the reader asks for `/summary/resync`, or for a fresh start when a resync
// cannot help.
import { sha256Hex } from './sha256.js'

export type ClientPanel = {
  readonly key: string
  readonly title: string
  readonly tone: string
  readonly lines: readonly string[]
  readonly hash: string
  /** With `view: 'blocks'`. */
  readonly blocks?: readonly unknown[]
  /** With `view: 'blocks'`: numbers, states and alerts as data, by stable names. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** The server cut it at its size limit and has no `/summary/resync`; `hash` is that of the whole panel. */
  readonly truncated?: true
}

/** Where a reason is found: a panel, and in it a row (the text of its first cell) and a label of a field or column. */
export type ClientPlace = { readonly panel: string; readonly row?: string; readonly label?: string }

/** The state of the system: `healthy`, `attention`, `failing` or `unknown`, and the reasons, the most important first. */
export type ClientVerdict = {
  readonly word: string
  readonly reasons: readonly string[]
  /** Since when the server has seen this word, epoch ms; absent where it does not say. */
  readonly since?: number
  /** Where each reason is found, by its index; null: nowhere on the board. */
  readonly places?: readonly (ClientPlace | null)[]
}

export type ClientBoard = {
  readonly epoch: string
  readonly generation: number
  readonly cycle: number
  /** When the server made or last confirmed this state, epoch ms. */
  readonly ts: number
  /** In the server's order. */
  readonly panels: ReadonlyMap<string, ClientPanel>
  /** The state of the system; absent where the server does not send it. */
  readonly verdict?: ClientVerdict
}

/** Numbers of the board over time; of several events for one question all but the last have `more`. */
export type ClientHistory = {
  /** The time of the first value and of the last second, by the server's clock, epoch ms. */
  readonly from: number
  readonly to: number
  readonly step_sec: number
  /** From when the server has numbers, epoch ms; null: it has none yet. */
  readonly since: number | null
  /** The last value of each step; null: not known. */
  readonly series: readonly { readonly id: string; readonly values: readonly (number | null)[] }[]
  readonly unknown: readonly string[]
  readonly more?: true
}

export type Change = {
  /** `full_snapshot` when the server sent everything, `panel_update` when it sent only changes. */
  readonly type: 'full_snapshot' | 'panel_update'
  readonly epoch: string
  readonly cycle: number
  readonly generation: number
  readonly ts: number
  /** The state of the system now; absent where the server does not send it. */
  readonly verdict?: ClientVerdict
  /** New and changed panels; empty when only the verdict changed. */
  readonly panels: Readonly<Record<string, ClientPanel>>
  /** Keys of removed panels. */
  readonly removed: readonly string[]
}

export type Counts = {
  events: number
  snapshots: number
  updates: number
  structured: number
  heartbeats: number
  /** Events of a generation already applied, or of an unknown type. */
  ignored: number
  mismatches: number
  truncated: number
  malformed: number
  resyncs: number
}

/** The result of one event; most members are absent. */
export type Outcome = {
  readonly change?: Change
  /** `resync`: get `/summary/resync`. `fresh`: reconnect without an id. */
  readonly ask?: 'resync' | 'fresh'
  readonly why?: string
  readonly keepaliveMs?: number
  /** With `keepaliveMs`: the time between two heartbeats; NaN where `hello` does not say. */
  readonly heartbeatMs?: number
  readonly bye?: { readonly reason: string; readonly reconnectMs: number }
  readonly error?: string
  /** The data of an event `history`. */
  readonly history?: ClientHistory
  /** Do not reconnect. */
  readonly close?: true
}

export type BoardReader = {
  readonly board: ClientBoard | null
  readonly counts: Counts
  /** The board is what the server last sent: nothing announced is outstanding. */
  readonly settled: boolean
  /** Accept truncated panels: the server has no `/summary/resync`. */
  acceptTruncated: boolean
  apply(event: string, data: string): Outcome
  /** Applies the document of `/summary/resync`. */
  applyResync(text: string): Outcome
  /** Call when a connection has ended: drops an unfinished group. */
  disconnected(): void
}

type Json = Readonly<Record<string, unknown>>
type Group = {
  readonly type: Change['type']
  readonly epoch: string
  readonly generation: number
  readonly panels: Map<string, ClientPanel>
  /** Sent with the last event of a group. */
  removed: readonly string[]
  /** Why the group cannot be applied. */
  fault: string | null
}

/** The error is that of JSON too: either way the event is malformed. */
function must(isSo: boolean, what: string): void {
  if (!isSo) throw new SyntaxError(`not ${what}`)
}
function isObject(value: unknown): value is Json {
  return Object(value) === value && !Array.isArray(value)
}
function object(value: unknown): Json {
  must(isObject(value), 'an object')
  return value as Json
}
function text(value: unknown): string {
  must(typeof value === 'string', 'a text')
  return value as string
}
function count(value: unknown): number {
  must(typeof value === 'number' && value >= 0 && value < 2 ** 53, 'a count')
  return value as number
}
function list<T>(value: unknown, item: (member: unknown) => T): T[] {
  must(Array.isArray(value), 'a list')
  return (value as unknown[]).map(item)
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function placeOf(value: unknown): ClientPlace | null {
  if (!isGiven(value)) return null
  const { panel, row, label } = object(value)
  return {
    panel: text(panel),
    ...(isGiven(row) && { row: text(row) }),
    ...(isGiven(label) && { label: text(label) }),
  }
}
function verdictOf(value: unknown): ClientVerdict {
  const { word, reasons, since, places } = object(value)
  return {
    word: text(word),
    reasons: list(reasons, text),
    ...(isGiven(since) && { since: count(since) }),
    ...(isGiven(places) && { places: list(places, placeOf) }),
  }
}

/** The lines of an entry; null: they cannot be known. */
type LinesOf = (entry: Json, held: ClientPanel | undefined) => readonly string[] | null

const wholeLines: LinesOf = entry => list(entry.lines, text)

/** The lines after a structured diff (protocol.md 8), or null when it was made from other lines. */
const patched: LinesOf = (entry, held) => {
  if (!held || held.truncated || held.hash !== entry.base) return null
  const added = list(entry.added, text)
  const lines = held.lines.slice(0, Math.max(0, held.lines.length - list(entry.removed, text).length))
  for (const change of list(entry.changed_lines, object)) {
    const index = count(change.index)
    if (lines[index] !== text(change.old)) return null
    lines[index] = text(change.new)
  }
  lines.push(...added)
  return lines.length === count(entry.total_lines) ? lines : null
}

const newGroup = (type: Group['type'], epoch: string, generation: number): Group => ({
  type,
  epoch,
  generation,
  panels: new Map(),
  removed: [],
  fault: null,
})

export function createBoardReader(): BoardReader {
  let board: ClientBoard | null = null
  let group: Group | null = null
  let epoch = ''
  /** Epoch, generation and verdict of the board, as one text. */
  let shown = ''
  let needSnapshot = true
  /** The generation that a resync must have reached. */
  let wanted = 0
  /** The hash of each panel at generation `wanted`, from `hello`. */
  let announced: ReadonlyMap<string, string> | null = null
  const counts: Counts = {
    events: 0,
    snapshots: 0,
    updates: 0,
    structured: 0,
    heartbeats: 0,
    ignored: 0,
    mismatches: 0,
    truncated: 0,
    malformed: 0,
    resyncs: 0,
  }
  const reader: BoardReader = {
    get board() {
      return board
    },
    counts,
    get settled() {
      return board !== null && !needSnapshot && announced === null
    },
    acceptTruncated: false,
    apply,
    applyResync,
    disconnected() {
      group = null
    },
  }

  function ask(why: string): Outcome {
    group = null
    return { ask: board === null || needSnapshot ? 'fresh' : 'resync', why }
  }

  function show(
    type: Change['type'],
    at: Json,
    next: ReadonlyMap<string, ClientPanel>,
    where: string,
  ): Outcome {
    const before: ReadonlyMap<string, ClientPanel> = board?.panels ?? new Map()
    const generation = count(at.generation)
    const verdict = at.verdict ? verdictOf(at.verdict) : null
    const state = JSON.stringify([where, generation, verdict])
    const moved = state !== shown
    shown = state
    const moment = { epoch: where, generation, cycle: count(at.cycle), ts: count(at.ts) }
    board = { ...moment, panels: next, ...(verdict && { verdict }) }
    const changed = [...next].filter(([key, panel]) => before.get(key)?.hash !== panel.hash)
    const removed = [...before.keys()].filter(key => !next.has(key))
    const change = { ...board, type, panels: Object.fromEntries(changed), removed }
    return moved || removed.length > 0 || changed.length > 0 ? { change } : {}
  }

  /** Adds a panel whose hash is right; else sets the group's fault. */
  function check(into: Group, key: string, entry: Json, linesOf: LinesOf): void {
    const held = board?.panels.get(key)
    const lines = linesOf(entry, held)
    const hash = text(entry.hash)
    const title = text(entry.title)
    const tone = text(entry.tone)
    const isCut = entry.truncated === true
    const more = {
      ...(Array.isArray(entry.blocks) && { blocks: entry.blocks as readonly unknown[] }),
      ...(isObject(entry.facts) && { facts: entry.facts }),
    }
    if (isCut) counts.truncated++
    if (held?.hash === hash && !held.truncated) into.panels.set(key, { ...held, ...more })
    else if (isCut && lines && !reader.acceptTruncated) into.fault = `truncated: ${key}`
    else if (lines && (isCut || sha256Hex(`v1\n${key}\n${title}\n${tone}\n${lines.join('\n')}`) === hash)) {
      into.panels.set(key, { key, title, tone, lines, hash, ...(isCut && { truncated: true }), ...more })
    } else {
      counts.mismatches++
      into.fault = `mismatch: ${key}`
    }
  }

  /** The panels of a snapshot or of a resync. */
  function checkAll(into: Group, data: Json): void {
    for (const [key, entry] of Object.entries(object(data.panels)))
      check(into, key, object(entry), wholeLines)
  }

  function join(type: Change['type'], data: Json): Group {
    const generation = count(data.generation)
    const where = type === 'full_snapshot' ? text(data.epoch) : epoch
    if (group?.type !== type || group.generation !== generation || group.epoch !== where) {
      group = newGroup(type, where, generation)
    }
    return group
  }

  /** An event of a group; applies the group when it was the last. */
  function take(type: Change['type'], data: Json, fill: (into: Group) => void): Outcome {
    const into = join(type, data)
    const waiting = needSnapshot || board === null || board.epoch !== into.epoch
    const known = board !== null && into.generation <= board.generation
    if (type === 'full_snapshot' ? !waiting && known : waiting || known) {
      counts.ignored++
      group = null
      return {}
    }
    fill(into)
    if (Array.isArray(data.removed)) into.removed = list(data.removed, text)
    // Limits the number of panels: a negative count is malformed.
    count(2000 - into.panels.size - (board?.panels.size ?? 0))
    if (data.more === true) return {}
    group = null
    if (into.fault !== null || announced === null) wanted = into.generation
    if (into.fault !== null) {
      if (type === 'full_snapshot') {
        // The old board is no base for later updates; /summary/resync gives the same state.
        epoch = into.epoch
        return { ask: 'resync', why: into.fault }
      }
      return ask(into.fault)
    }
    if (type === 'full_snapshot') {
      epoch = into.epoch
      needSnapshot = false
      return show(type, data, into.panels, epoch)
    }
    const next = new Map(board?.panels)
    for (const [key, panel] of into.panels) next.set(key, panel)
    for (const key of into.removed) next.delete(key)
    return confirm(show(type, data, next, epoch))
  }

  /** Checks the board against what `hello` announced, once it has reached that generation. */
  function confirm(outcome: Outcome): Outcome {
    if (announced === null || board === null || board.generation < wanted) return outcome
    const hashes = announced
    announced = null
    if (board.generation > wanted) return outcome
    for (const [key, hash] of hashes) {
      if (board.panels.get(key)?.hash === hash) continue
      counts.mismatches++
      return { ...outcome, ...ask(`mismatch: ${key}`) }
    }
    return outcome
  }

  function hello(data: Json): Outcome {
    group = null
    epoch = text(data.epoch)
    const life = {
      keepaliveMs: count(data.keepalive_ms),
      heartbeatMs: (data.heartbeat_cycles as number) * (data.refresh_ms as number),
    }
    announced = null
    if (data.resumed !== true) {
      needSnapshot = true
      return life
    }
    if (board === null || needSnapshot || board.epoch !== epoch) {
      return { ...life, ask: 'fresh', why: 'nothing to resume' }
    }
    const hashes = new Map(list(data.panels, object).map(entry => [text(entry.key), text(entry.hash)]))
    const kept = new Map([...board.panels].filter(([key]) => hashes.has(key)))
    wanted = count(data.generation)
    announced = hashes
    return { ...life, ...confirm(show('panel_update', { ...board, verdict: data.verdict }, kept, epoch)) }
  }

  /** The panels are still these; the verdict may be another. */
  function confirmed(data: Json): Outcome {
    if (board === null) return {}
    // Keep the reader's generation: with a subset of the panels it may be behind the server's.
    return show('panel_update', { ...data, generation: board.generation }, board.panels, board.epoch)
  }

  /** The panels of an update; `name` is the member with a panel's key. */
  function update(data: Json, name: 'key' | 'panel', linesOf: LinesOf): Outcome {
    return take('panel_update', data, into => {
      for (const entry of list(data.updates, object)) check(into, text(entry[name]), entry, linesOf)
    })
  }

  const handlers: Readonly<Record<string, (data: Json) => Outcome>> = {
    hello,
    full_snapshot(data) {
      counts.snapshots++
      return take('full_snapshot', data, into => checkAll(into, data))
    },
    panel_update(data) {
      counts.updates++
      return update(data, 'key', wholeLines)
    },
    panel_update_structured(data) {
      counts.structured++
      return update(data, 'panel', patched)
    },
    heartbeat(data) {
      counts.heartbeats++
      return confirmed(data)
    },
    verdict: confirmed,
    history(data) {
      list(data.series, each => list(object(each).values, Number))
      return { history: data as ClientHistory }
    },
    error: data => ({ error: `${text(data.code)}: ${text(data.message)}` }),
    bye: data => ({ bye: { reason: text(data.reason), reconnectMs: count(data.reconnect_ms) } }),
    resync_required() {
      group = null
      needSnapshot = true
      return {}
    },
  }

  /** Parses and interprets; a malformed event is counted and handled like a mismatch. */
  function parsed(body: string, interpretation: (data: Json) => Outcome): Outcome {
    try {
      return interpretation(object(JSON.parse(body)))
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      counts.malformed++
      return ask(`malformed: ${error.message}`)
    }
  }

  function apply(event: string, body: string): Outcome {
    counts.events++
    const handler = Object.hasOwn(handlers, event) && handlers[event]
    if (handler)
      return parsed(body, data =>
        // Without a generation, old events cannot be distinguished from new ones and nothing can be resumed.
        'cycle' in data && !('generation' in data)
          ? { error: 'this is the Python original; g6 serve can follow its /events', close: true }
          : handler(data),
      )
    counts.ignored++
    return {}
  }

  function applyResync(body: string): Outcome {
    counts.resyncs++
    const outcome = parsed(body, data => {
      const generation = count(data.generation)
      if (text(data.epoch) !== epoch || generation < wanted)
        return { ask: 'fresh', why: 'resync of another state' }
      const into = newGroup('full_snapshot', epoch, generation)
      checkAll(into, data)
      if (into.fault !== null) return { ask: 'fresh', why: into.fault }
      needSnapshot = false
      announced = null
      return show('full_snapshot', data, into.panels, epoch)
    })
    return outcome.ask ? { ...outcome, ask: 'fresh' } : outcome
  }

  return reader
}
