// Readers for people: a line each, in columns.
import { printableMessage } from '../log/printable.js'
import type { ReaderData, ReadersDocument } from '../protocol/readers.js'
import { table } from './table.js'

const NOTHING = '–'
const HEAD = ['kind', 'address', 'since', 'open', 'form', 'position', 'behind', 'waiting', 'user agent']
const NUMBERS: ReadonlySet<number> = new Set([3, 5, 6, 7])

function openText(seconds: number): string {
  const [s, m, h] = [Math.floor(seconds), Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  if (s < 60) return `${s} s`
  return m < 60 ? `${m} min` : `${h} h ${m % 60} min`
}

function formText({ mode, view, subset, encoding }: ReaderData): string {
  const form = view === 'blocks' ? 'blocks' : mode
  const words = [form, subset === null ? undefined : `subset of ${subset}`, encoding]
  return words.filter(word => word !== undefined).join(', ')
}

function cells(reader: ReaderData): readonly string[] {
  const { kind, address, since, open_sec: openSec, position, behind, blocked, waiting_bytes: bytes } = reader
  return [
    kind,
    address ?? NOTHING,
    since,
    openText(openSec),
    formText(reader),
    position === null ? NOTHING : String(position),
    String(behind),
    blocked ? `${bytes} B, takes none` : `${bytes} B`,
    reader.user_agent ?? NOTHING,
  ].map(printableMessage)
}

export function readersText({ streams, max_streams: most, total, readers }: ReadersDocument): string {
  const lines = table([HEAD, ...readers.map(cells)], NUMBERS)
  const more = total > readers.length ? `; the newest ${readers.length} of ${total} connections` : ''
  return `${streams} of ${most} streams are taken${more}\n${readers.length > 0 ? `${lines.join('\n')}\n` : ''}`
}
