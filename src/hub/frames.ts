// Events as text, from boards. Pure: the same board gives the same text for every reader of a feed.
//
// All events of one generation form a group. Each but the last has `more: true` and no id; a reader applies the group when it
// has the last event. An event over the size limit becomes several of the same name, each with some of the panels; a single
// panel over the limit is cut at whole lines and marked `truncated`. Nothing is dropped.
//
// Cost: each version of a panel is encoded to JSON once (WeakMap), for all feeds, snapshots and catch-ups. Joining the parts is
// string concatenation.
import { type Board, type BoardPanel, changedSince, SCHEMA_VERSION } from '../board/board.js'
import { changeCount, diffLines } from '../board/diff.js'
import type { ByeReason, HelloData, ResyncReason, SummaryEventName, Verdict } from '../protocol/events.js'
import { encodeJsonEvent } from '../sse/encode.js'
import type { DiffMode, View } from './hub-types.js'

export type EventText = { readonly name: SummaryEventName; readonly text: string; readonly panels: number }

/** Which panels, in which form: what all readers of a feed have in common. */
export type FeedShape = {
  readonly mode: DiffMode
  readonly view: View
  readonly subset: ReadonlySet<string> | null
  /** `-<6 hex>` for a subset, so that a reader that returns with another subset starts afresh; else empty. */
  readonly idSuffix: string
}

export type FrameLimits = {
  readonly maxEventBytes: number
  readonly structMaxChanges: number
  /** Called for every panel cut at the size limit. */
  readonly onPanelCut?: () => void
}

/** Room for the event's own fields (id, names, numbers), in addition to its panels. */
const ENVELOPE_BYTES = 320

/** One entry of an event: ready JSON and its size. */
type Part = { readonly json: string; readonly bytes: number }

/** Entries of updates: `{"key":…,"hash":…,…}`. */
const linesParts = new WeakMap<BoardPanel, Part>()
const blocksParts = new WeakMap<BoardPanel, Part>()

function part(json: string): Part {
  return { json, bytes: Buffer.byteLength(json) }
}

function wholePart(panel: BoardPanel, view: View): Part {
  const cache = view === 'blocks' ? blocksParts : linesParts
  const known = cache.get(panel)
  if (known !== undefined) return known
  const { key, hash, title, tone, lines, blocks, facts } = panel
  const entry =
    view === 'blocks' ? { key, hash, title, tone, lines, blocks, facts } : { key, hash, title, tone, lines }
  const made = part(JSON.stringify(entry))
  cache.set(panel, made)
  return made
}

/** The panel cut at whole lines so that it fits; its hash stays that of the whole. */
function cutPart({ key, hash, title, tone, lines }: BoardPanel, budget: number): Part {
  const entry = { key, hash, title, tone, lines: [] as string[], truncated: true, total_lines: lines.length }
  let room = budget - Buffer.byteLength(JSON.stringify(entry))
  for (const line of lines) {
    room -= Buffer.byteLength(JSON.stringify(line)) + 1
    if (room < 0) break
    entry.lines.push(line)
  }
  return part(JSON.stringify(entry))
}

/** Room for the panels of one event. */
function roomIn({ maxEventBytes }: FrameLimits): number {
  return maxEventBytes - ENVELOPE_BYTES
}

const NO_MEMBER: Part = { json: '', bytes: 0 }
const verdictParts = new WeakMap<Verdict, Part>()

const memberText = (verdict: Verdict): string => `,"verdict":${JSON.stringify(verdict)}`

/** `,"verdict":{…}`; where events must be small without its places, or without its reasons too. */
function verdictMember({ verdict }: Board, { maxEventBytes }: FrameLimits): Part {
  if (verdict === null) return NO_MEMBER
  const whole = verdictParts.get(verdict) ?? part(memberText(verdict))
  verdictParts.set(verdict, whole)
  if (whole.bytes * 4 <= maxEventBytes) return whole
  const { places: _, ...rest } = verdict
  const quoted = part(memberText(rest))
  return quoted.bytes * 4 <= maxEventBytes ? quoted : part(memberText({ ...rest, reasons: [] }))
}

/** The limits without the room of this member. */
function without({ bytes }: Part, limits: FrameLimits): FrameLimits {
  return bytes === 0 ? limits : { ...limits, maxEventBytes: limits.maxEventBytes - bytes }
}

/** The entry of a panel in an update. */
function updateEntry(panel: BoardPanel, view: View, limits: FrameLimits): Part {
  const room = roomIn(limits)
  const whole = wholePart(panel, view)
  if (whole.bytes <= room) return whole
  limits.onPanelCut?.()
  return cutPart(panel, room)
}

/** The same as a member of a snapshot: `"key":{"hash":…,…}`. */
function snapshotEntry(panel: BoardPanel, view: View, limits: FrameLimits): Part {
  const { json, bytes } = updateEntry(panel, view, limits)
  const key = JSON.stringify(panel.key)
  const content = json.slice('{"key":,'.length + key.length)
  return { json: `${key}:{${content}`, bytes: bytes - '{"key":,'.length + ':{'.length }
}

/** A future event: entries are complete JSON values or members, packed in order. */
type Batch = { readonly name: SummaryEventName; readonly entries: readonly Part[] }

/** Adds the events of a batch to `batches`. */
function pack(batch: Batch, limits: FrameLimits, batches: Batch[]): void {
  const budget = roomIn(limits)
  let entries: Part[] = []
  let bytes = 0
  for (const entry of batch.entries) {
    if (entries.length > 0 && bytes + entry.bytes + 1 > budget) {
      batches.push({ name: batch.name, entries })
      entries = []
      bytes = 0
    }
    entries.push(entry)
    bytes += entry.bytes + 1
  }
  batches.push({ name: batch.name, entries })
}

export function eventId(board: Board, shape: FeedShape, generation = board.generation): string {
  return `${board.epoch}-${generation}${shape.idSuffix}`
}

function inShape(shape: FeedShape, key: string): boolean {
  return shape.subset === null || shape.subset.has(key)
}

function joinEntries(entries: readonly Part[]): string {
  let text = ''
  for (const { json } of entries) text += text === '' ? json : `,${json}`
  return text
}

function updateGroup(
  board: Board,
  shape: FeedShape,
  batches: readonly Batch[],
  removed: readonly string[],
  limits: FrameLimits,
  verdict: Part,
): EventText[] {
  // Loops, not closures: readers wait for this, and between two events it leaves the CPU caches (bench/fanout `dispatch`).
  const events: Batch[] = []
  for (const batch of batches) pack(batch, limits, events)
  const texts: EventText[] = []
  for (const { name, entries } of events) {
    const last = texts.length === events.length - 1
    const gone = last && removed.length > 0 ? `,"removed":${JSON.stringify(removed)}` : ''
    const data = `{"cycle":${board.cycle},"generation":${board.generation},"ts":${board.builtAtMs},"updates":[${joinEntries(entries)}]${gone}${last ? verdict.json : ',"more":true'}}`
    const text = encodeJsonEvent(name, data, last ? eventId(board, shape) : undefined)
    texts.push({ name, text, panels: entries.length })
  }
  return texts
}

/** The structured form of a panel's last change; null when its full lines are better. */
function structuredEntry(panel: BoardPanel, board: Board, limits: FrameLimits): Part | null {
  const before = board.before.get(panel.key)
  // A reader that got a cut version has no base for a diff.
  if (before === undefined || wholePart(before, 'lines').bytes > roomIn(limits)) return null
  const diff = diffLines(before.lines, panel.lines)
  if (changeCount(diff) > limits.structMaxChanges) return null
  const changes = { changed_lines: diff.changed, added: diff.added, removed: diff.removed }
  const entry = part(
    JSON.stringify({
      panel: panel.key,
      hash: panel.hash,
      title: panel.title,
      tone: panel.tone,
      base: before.hash,
      ...changes,
      total_lines: diff.totalLines,
    }),
  )
  const fullBytes = Buffer.byteLength(JSON.stringify(panel.lines))
  const diffBytes = Buffer.byteLength(JSON.stringify(changes))
  return diffBytes >= fullBytes || entry.bytes > roomIn(limits) ? null : entry
}

/** The step from the previous generation to this one; empty when no panel of the shape changed. */
export function stepEvents(board: Board, shape: FeedShape, given: FrameLimits): EventText[] {
  const verdict = verdictMember(board, given)
  const limits = without(verdict, given)
  const changed: BoardPanel[] = []
  for (const key of board.changed) {
    const panel = board.panels.get(key)
    if (panel !== undefined && inShape(shape, key)) changed.push(panel)
  }
  const removed =
    board.removed.length === 0 ? board.removed : board.removed.filter(key => inShape(shape, key))
  if (changed.length === 0 && removed.length === 0) return []
  const structured: Part[] = []
  const full: Part[] = []
  for (const panel of changed) {
    const diff = shape.mode === 'structured' ? structuredEntry(panel, board, limits) : null
    if (diff === null) full.push(updateEntry(panel, shape.view, limits))
    else structured.push(diff)
  }
  const batches: Batch[] = []
  if (structured.length > 0) batches.push({ name: 'panel_update_structured', entries: structured })
  if (full.length > 0 || structured.length === 0) batches.push({ name: 'panel_update', entries: full })
  return updateGroup(board, shape, batches, removed, limits, verdict)
}

/** All changes after `position`, merged; empty when there are none. */
export function catchUpEvents(
  board: Board,
  shape: FeedShape,
  position: number,
  given: FrameLimits,
): EventText[] {
  const verdict = verdictMember(board, given)
  const limits = without(verdict, given)
  const since = changedSince(board, position)
  const changed = since.changed.filter(panel => inShape(shape, panel.key))
  const removed = since.removed.filter(key => inShape(shape, key))
  if (changed.length === 0 && removed.length === 0) return []
  const entries = changed.map(panel => updateEntry(panel, shape.view, limits))
  return updateGroup(board, shape, [{ name: 'panel_update', entries }], removed, limits, verdict)
}

/** The whole board, in registry order. */
export function snapshotEvents(board: Board, shape: FeedShape, given: FrameLimits): EventText[] {
  const verdict = verdictMember(board, given)
  const limits = without(verdict, given)
  const entries: Part[] = []
  for (const panel of board.panels.values()) {
    if (inShape(shape, panel.key)) entries.push(snapshotEntry(panel, shape.view, limits))
  }
  const batches: Batch[] = []
  pack({ name: 'full_snapshot', entries }, limits, batches)
  const head = `"schema_version":"${SCHEMA_VERSION}","epoch":${JSON.stringify(board.epoch)},"generation":${board.generation},"cycle":${board.cycle},"ts":${board.builtAtMs}`
  return batches.map(({ name, entries: some }, i) => {
    const last = i === batches.length - 1
    const data = `{${head},"panels":{${joinEntries(some)}}${last ? verdict.json : ',"more":true'}}`
    const text = encodeJsonEvent(name, data, last ? eventId(board, shape) : undefined)
    return { name, text, panels: some.length }
  })
}

/** The verdict as a member, if there is one. */
export function saidOf({ verdict }: Board): { readonly verdict?: Verdict } {
  return verdict === null ? {} : { verdict }
}

export type HelloFacts = {
  readonly version: string
  readonly heartbeatCycles: number
  readonly refreshMs: number
  readonly keepaliveMs: number
}

/**
 * `resumedFrom` is the generation of a returning reader. The id keeps it until the update that follows has arrived, so a cut in
 * between loses nothing.
 */
export function helloEvent(
  board: Board,
  shape: FeedShape,
  facts: HelloFacts,
  resumedFrom: number | null,
): EventText {
  const panels: { key: string; hash: string }[] = []
  for (const { key, hash } of board.panels.values()) if (inShape(shape, key)) panels.push({ key, hash })
  const data: HelloData = {
    schema_version: SCHEMA_VERSION,
    version: facts.version,
    epoch: board.epoch,
    generation: board.generation,
    cycle: board.cycle,
    resumed: resumedFrom !== null,
    diff_mode: shape.mode,
    heartbeat_cycles: facts.heartbeatCycles,
    refresh_ms: facts.refreshMs,
    keepalive_ms: facts.keepaliveMs,
    panels,
    ...saidOf(board),
  }
  const id = resumedFrom === null ? undefined : eventId(board, shape, resumedFrom)
  const text = encodeJsonEvent('hello', JSON.stringify(data), id)
  return { name: 'hello', text, panels: 0 }
}

export function heartbeatEvent(board: Board, hitRatio: number | null): EventText {
  const { cycle, generation, builtAtMs: ts } = board
  const data = JSON.stringify({
    cycle,
    generation,
    ts,
    unchanged: true,
    hit_ratio: hitRatio,
    ...saidOf(board),
  })
  return { name: 'heartbeat', text: encodeJsonEvent('heartbeat', data), panels: 0 }
}

/** For a change of the verdict without a change of a panel. It has no id, because a reader stays where it is. */
export function verdictEvent(board: Board, limits: FrameLimits): EventText {
  const { cycle, generation, builtAtMs } = board
  const data = `{"cycle":${cycle},"generation":${generation},"ts":${builtAtMs}${verdictMember(board, limits).json}}`
  return { name: 'verdict', text: encodeJsonEvent('verdict', data), panels: 0 }
}

/** `data`: one of the texts of `PastOf`. It has no id, because a reader stays where it is. */
export function historyEvent(data: string): EventText {
  return { name: 'history', text: encodeJsonEvent('history', data), panels: 0 }
}

export function resyncRequiredEvent(reason: ResyncReason): EventText {
  const text = encodeJsonEvent('resync_required', JSON.stringify({ reason }))
  return { name: 'resync_required', text, panels: 0 }
}

/** Codes of `error` events and their texts; nothing of the fault itself leaves the process. */
const FAULTS = { encode_failed: 'an update could not be encoded; a full snapshot follows' } as const

export function faultEvent(code: keyof typeof FAULTS): EventText {
  const data = JSON.stringify({ code, message: FAULTS[code], recoverable: true })
  return { name: 'error', text: encodeJsonEvent('error', data), panels: 0 }
}

export function byeEvent(reason: ByeReason, reconnectMs: number): EventText {
  const data = JSON.stringify({ reason, reconnect_ms: reconnectMs })
  return { name: 'bye', text: encodeJsonEvent('bye', data), panels: 0 }
}
