// Splits text/event-stream into the bytes of its events, for those who pass them on unread. An event keeps its lines and its blank
// line as they came, without its `id:` and `retry:` lines and without comments: those belong to one connection, and a server that passes
// the event on has its own.
//
// Cost: two native searches a line. An event that came whole, without a line to drop, is a view into its chunk: nothing is copied.

const LF = 10
const CR = 13
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const EMPTY = Buffer.alloc(0)
const END = Buffer.from('\n\n')
const CRLF = Buffer.from('\r\n')

export type EventSplitter = {
  /** The events that this chunk completes. Those without data are dropped, as every reader would. */
  push(chunk: Buffer): readonly Buffer[]
  /** The body has ended: its last event, where only the blank line is missing. */
  end(): readonly Buffer[]
  /** An event was over the limit: where the next one begins is unknown. */
  readonly overflowed: boolean
}

type Line = 'data' | 'kept' | 'dropped'

function startsWith(bytes: Buffer, from: number, end: number, name: string): boolean {
  const after = from + name.length
  if (after > end) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false
  // The name is followed by a colon or ends the line.
  return after === end || bytes[after] === 58
}

/** The line without its end. */
function kindOf(bytes: Buffer, from: number, end: number): Line {
  switch (bytes[from]) {
    case 100: // d
      return startsWith(bytes, from, end, 'data') ? 'data' : 'kept'
    case 58: // :
      return 'dropped'
    case 105: // i
      return startsWith(bytes, from, end, 'id') ? 'dropped' : 'kept'
    case 114: // r
      return startsWith(bytes, from, end, 'retry') ? 'dropped' : 'kept'
    default:
      return 'kept'
  }
}

export function createEventSplitter(maxEventBytes: number): EventSplitter {
  /** Of the unfinished event: what is kept, and the beginning of a line. */
  let kept: Buffer[] = []
  let line: Buffer[] = []
  let heldBytes = 0
  let hasData = false
  let isFirstLine = true
  /** After a CR at the end of a chunk: what an LF at the start of the next one is. */
  let lineFeed: 'line' | 'kept' | 'dropped' = 'line'
  let overflowed = false

  function hold(list: Buffer[], piece: Buffer): void {
    if (piece.length === 0) return
    list.push(piece)
    heldBytes += piece.length
    if (heldBytes > maxEventBytes) overflowed = true
  }

  function push(chunk: Buffer): readonly Buffer[] {
    const events: Buffer[] = []
    let at = 0
    if (lineFeed !== 'line' && chunk.length > 0) {
      if (chunk[0] === LF) {
        at = 1
        // Else a blank line, which may follow, would be taken for the end of this one.
        if (lineFeed === 'kept') hold(kept, chunk.subarray(0, 1))
      }
      lineFeed = 'line'
    }
    /** Where the kept lines begin that are not in `kept` yet; they are next to each other. */
    let run = at
    let cr = chunk.indexOf(CR, at)
    let lf = chunk.indexOf(LF, at)
    while (!overflowed) {
      if (cr !== -1 && cr < at) cr = chunk.indexOf(CR, at)
      if (lf !== -1 && lf < at) lf = chunk.indexOf(LF, at)
      const end = cr === -1 ? lf : lf === -1 ? cr : Math.min(cr, lf)
      if (end === -1) break
      let next = end + 1
      const isOpen = end === cr && next === chunk.length
      if (end === cr && chunk[next] === LF) next++
      if (line.length > 0 || isFirstLine) {
        // A line that began in an earlier chunk, or the first one, which may begin with a byte order mark.
        hold(line, chunk.subarray(at, next))
        let whole = line.length === 1 ? (line[0] ?? EMPTY) : Buffer.concat(line)
        heldBytes -= whole.length
        line = []
        const endBytes = next - end
        if (isFirstLine && whole.subarray(0, 3).equals(BOM)) whole = whole.subarray(3)
        isFirstLine = false
        const isBlank = whole.length === endBytes
        const kind = isBlank ? 'kept' : kindOf(whole, 0, whole.length - endBytes)
        if (kind === 'data') hasData = true
        if (kind !== 'dropped') hold(kept, whole)
        if (isOpen) lineFeed = isBlank || kind === 'dropped' ? 'dropped' : 'kept'
        run = next
        at = next
        if (isBlank) finish(EMPTY)
        continue
      }
      if (end === at) {
        const last = chunk.subarray(run, next)
        if (isOpen) lineFeed = 'dropped'
        run = next
        at = next
        finish(last)
        continue
      }
      const kind = kindOf(chunk, at, end)
      if (kind === 'data') hasData = true
      else if (kind === 'dropped') {
        hold(kept, chunk.subarray(run, at))
        run = next
      }
      if (isOpen) lineFeed = kind === 'dropped' ? 'dropped' : 'kept'
      at = next
    }
    hold(kept, chunk.subarray(run, at))
    hold(line, chunk.subarray(at))
    return events

    function finish(blank: Buffer): void {
      // Where a dropped line was between them, the CR of the line before and this LF would become one end of a line.
      const isJoined = blank.length === 1 && blank[0] === LF && kept.at(-1)?.at(-1) === CR
      const last = isJoined ? CRLF : blank
      if (heldBytes + last.length > maxEventBytes) overflowed = true
      else if (hasData) events.push(kept.length === 0 ? last : Buffer.concat([...kept, last]))
      kept = []
      heldBytes = 0
      hasData = false
    }
  }

  return {
    push,
    end: () => push(END),
    get overflowed() {
      return overflowed
    },
  }
}
