// A slow, obviously correct reader of the summary stream, for tests: takes the bytes of one connection's body (split anywhere),
// gives events and the panels a client would show. It applies a group when its last event has come, as protocol.md says.
import { StringDecoder } from 'node:string_decoder'
import { constants, inflateRawSync } from 'node:zlib'
import { applyLinesDiff } from '../../src/board/diff.js'
import { panelHash } from '../../src/board/hash.js'
import { SUMMARY_EVENTS, type SummaryEventName } from '../../src/protocol/events.js'

export type Seen = {
  readonly event: string
  readonly id: string | null
  readonly data: Record<string, unknown>
}
type Shown = {
  hash: string
  title: string
  tone: string
  lines: readonly string[]
  truncated: boolean
  facts?: unknown
}

function isEventName(name: string): name is SummaryEventName {
  return Object.hasOwn(SUMMARY_EVENTS, name)
}

/** Decodes `Transfer-Encoding: chunked`; whole chunks only, the rest is kept. */
function dechunk(buffer: Buffer): { body: Buffer; rest: Buffer; ended: boolean } {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const eol = buffer.indexOf('\r\n', at)
    if (eol === -1) break
    const size = Number.parseInt(buffer.subarray(at, eol).toString('latin1'), 16)
    if (Number.isNaN(size)) throw new Error(`bad chunk size at ${at}`)
    if (buffer.length < eol + 2 + size + 2) break
    if (size === 0) return { body: Buffer.concat(parts), rest: buffer.subarray(eol + 4), ended: true }
    parts.push(buffer.subarray(eol + 2, eol + 2 + size))
    at = eol + 2 + size + 2
  }
  return { body: Buffer.concat(parts), rest: buffer.subarray(at), ended: false }
}

const GZIP_HEADER_BYTES = 10

export class StreamReader {
  readonly events: Seen[] = []
  readonly panels = new Map<string, Shown>()
  retryMs: number | null = null
  comments = 0
  /** Blocks that simple clients count as errors: neither an event nor a comment alone. */
  blocksWithoutEvent = 0
  ended = false
  lastId: string | null = null
  mismatches: string[] = []
  #raw = Buffer.alloc(0)
  #body = Buffer.alloc(0)
  #inflated = 0
  #decoder = new StringDecoder('utf8')
  #text = ''
  #group: Seen[] = []

  constructor(readonly wire: { readonly encoding: 'plain' | 'gzip'; readonly framing: 'chunked' | 'raw' }) {}

  feed(bytes: Buffer): void {
    let fresh = bytes
    if (this.wire.framing === 'chunked') {
      const { body, rest, ended } = dechunk(Buffer.concat([this.#raw, bytes]))
      this.#raw = Buffer.from(rest)
      this.ended ||= ended
      fresh = body
    }
    if (this.wire.encoding === 'gzip') {
      this.#body = Buffer.concat([this.#body, fresh])
      if (this.#body.length <= GZIP_HEADER_BYTES) return
      // From the very start each time: slow, and obviously correct.
      const whole = inflateRawSync(this.#body.subarray(GZIP_HEADER_BYTES), {
        finishFlush: constants.Z_SYNC_FLUSH,
      })
      fresh = whole.subarray(this.#inflated)
      this.#inflated = whole.length
    }
    // A piece may end within a character.
    this.#text += this.#decoder.write(fresh)
    let end = this.#text.indexOf('\n\n')
    while (end !== -1) {
      this.#block(this.#text.slice(0, end))
      this.#text = this.#text.slice(end + 2)
      end = this.#text.indexOf('\n\n')
    }
    // Valid from its line on, even before the block ends.
    const [, retry] = /(?:^|\n)retry: (\d+)\n/.exec(this.#text) ?? []
    if (retry !== undefined) this.retryMs = Number(retry)
  }

  /** Key → hash of what is shown. */
  hashes(): Record<string, string> {
    return Object.fromEntries([...this.panels].map(([key, panel]) => [key, panel.hash]))
  }

  /** Forgets the connection, keeps the panels and the last id, as a client does on a cut. */
  reconnected(): void {
    this.#raw = Buffer.alloc(0)
    this.#body = Buffer.alloc(0)
    this.#inflated = 0
    this.#decoder = new StringDecoder('utf8')
    this.#text = ''
    this.#group = []
    this.ended = false
  }

  #block(block: string): void {
    let event = 'message'
    let id: string | null = null
    const data: string[] = []
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments++
      else if (line.startsWith('retry: ')) this.retryMs = Number(line.slice(7))
      else if (line.startsWith('id: ')) id = line.slice(4)
      else if (line.startsWith('event: ')) event = line.slice(7)
      else if (line.startsWith('data: ')) data.push(line.slice(6))
      else throw new Error(`a line with an unknown field: ${line}`)
    }
    if (data.length === 0) {
      if (!block.startsWith(':')) this.blocksWithoutEvent++
      return
    }
    if (!isEventName(event)) throw new Error(`an event with an unknown name: ${event}`)
    const parsed = SUMMARY_EVENTS[event].parse(JSON.parse(data.join('\n'))) as Record<string, unknown>
    const seen: Seen = { event, id, data: parsed }
    this.events.push(seen)
    if (id !== null) this.lastId = id
    this.#group.push(seen)
    if (parsed.more === true) {
      if (id !== null) throw new Error('an event with more to come carries an id')
      return
    }
    const group = this.#group
    this.#group = []
    if (group.some(({ event: name }) => name === 'full_snapshot')) this.panels.clear()
    for (const member of group) this.#apply(member)
  }

  #apply({ event, data }: Seen): void {
    if (event === 'hello') {
      const keys = new Set((data.panels as { key: string }[]).map(({ key }) => key))
      for (const key of this.panels.keys()) if (!keys.has(key)) this.panels.delete(key)
    }
    if (event === 'full_snapshot') {
      for (const [key, panel] of Object.entries(data.panels as Record<string, Shown>)) this.#show(key, panel)
    }
    if (event === 'panel_update') {
      for (const panel of data.updates as (Shown & { key: string })[]) this.#show(panel.key, panel)
    }
    if (event === 'panel_update_structured') this.#applyStructured(data)
    for (const key of (data.removed as string[] | undefined) ?? []) this.panels.delete(key)
  }

  #applyStructured(data: Record<string, unknown>): void {
    type Entry = {
      panel: string
      hash: string
      title: string
      tone: string
      base: string
      changed_lines: { index: number; old: string; new: string }[]
      added: string[]
      removed: string[]
      total_lines: number
    }
    for (const entry of data.updates as Entry[]) {
      const before = this.panels.get(entry.panel)
      if (before?.hash !== entry.base) {
        this.mismatches.push(`${entry.panel}: base is not what is shown`)
        continue
      }
      const { changed_lines: changed, added, removed, total_lines: totalLines } = entry
      const lines = applyLinesDiff(before.lines, { changed, added, removed, totalLines })
      if (lines === null) this.mismatches.push(`${entry.panel}: diff does not apply`)
      else this.#show(entry.panel, { ...entry, lines, truncated: false })
    }
  }

  #show(key: string, { hash, title, tone, lines, truncated, facts }: Shown): void {
    if (!truncated && panelHash({ key, title, tone, lines }) !== hash) this.mismatches.push(`${key}: hash`)
    this.panels.set(key, { hash, title, tone, lines, truncated: truncated === true, facts })
  }
}
