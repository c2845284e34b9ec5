// The blocks of a panel as lines of a given width. Roomy: one field a line, values aligned. Dense: fields and texts one after the
// other, for screens with few rows.
import type { Block, Cell, Field, Tone } from '../../../panels/panel.js'
import { displayWidth } from '../../../panels/text.js'
import { toneMark } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Role, type Run, run } from './run.js'
import { COMFORTABLE, cellRole, tableLines, tableWidths, type Widths } from './table.js'

export type Density = 'roomy' | 'dense'

export type ContentOptions = {
  readonly width: number
  readonly density: Density
  /** The widest value or cell, columns. */
  readonly clip: number
}

const LABEL_GAP = 2
const ITEM_GAP = 3
const NO_WIDTH: Widths = { least: 0, natural: 0 }

function marked(value: Run, mark: string): Run[] {
  return mark === '' ? [value] : [value, run(` ${mark}`, value.role)]
}

function valueRuns({ text, tone }: { text: string; tone?: Tone }, role: Role, clip: number): Run[] {
  return marked(clipRun(run(text, role), clip), toneMark(tone))
}

function labelWidth(items: readonly Field[]): number {
  return items.reduce((widest, { label }) => Math.max(widest, displayWidth(label)), 0)
}

function fieldLines(items: readonly Field[], { width, clip }: ContentOptions): Line[] {
  const room = Math.min(labelWidth(items), Math.max(1, Math.floor(width / 2)))
  return items.map(item => {
    const label = clipRun(run(item.label, 'label'), room)
    const mark = toneMark(item.tone)
    const left = width - room - LABEL_GAP - (mark === '' ? 0 : 2)
    const value = clipRun(run(item.text, cellRole(item)), Math.max(1, Math.min(clip, left)))
    return [label, blank(room - label.width + LABEL_GAP), ...marked(value, mark)]
  })
}

const NAMED_VALUE = /^([\w.-]+=)(.+)$/

/** A text; `name=value` is coloured like a field. */
function textRuns(block: { text: string; tone?: Tone }, clip: number): Run[] {
  const parts = block.tone === undefined ? NAMED_VALUE.exec(block.text) : null
  const [name, value] = [parts?.[1], parts?.[2]]
  if (name === undefined || value === undefined) return valueRuns(block, block.tone ?? 'text', clip)
  const label = clipRun(run(name, 'label'), clip)
  return [label, ...valueRuns({ text: value }, 'text', Math.max(0, clip - label.width))]
}

/** A field or a text as one piece of a dense line. */
function pieces(block: Block, clip: number): Line[] {
  if (block.kind === 'text') return [textRuns(block, clip)]
  if (block.kind === 'table') return []
  return block.items.map(item => [
    run(item.label, 'label'),
    blank(1),
    ...valueRuns(item, cellRole(item), clip),
  ])
}

function flowed(items: readonly Line[], width: number): Line[] {
  const lines: Line[] = []
  let line: Run[] = []
  let used = 0
  for (const item of items) {
    const wide = lineWidth(item)
    if (line.length > 0 && used + ITEM_GAP + wide > width) {
      lines.push(line)
      line = []
      used = 0
    }
    if (line.length > 0) {
      line.push(blank(ITEM_GAP))
      used += ITEM_GAP
    }
    line.push(...item)
    used += wide
  }
  return line.length > 0 ? [...lines, line] : lines
}

function denseLines(blocks: readonly Block[], options: ContentOptions): Line[] {
  const lines: Line[] = []
  let waiting: Line[] = []
  const flush = (): void => {
    lines.push(...flowed(waiting, options.width))
    waiting = []
  }
  for (const block of blocks) {
    if (block.kind === 'table') {
      flush()
      lines.push(...tableLines(block, options.width, options.clip))
    } else waiting.push(...pieces(block, options.clip))
  }
  flush()
  return lines
}

function roomyLines(blocks: readonly Block[], options: ContentOptions): Line[] {
  return blocks.flatMap((block): Line[] => {
    if (block.kind === 'table') return tableLines(block, options.width, options.clip)
    if (block.kind === 'fields') return fieldLines(block.items, options)
    return [textRuns(block, options.width - (toneMark(block.tone) === '' ? 0 : 2))]
  })
}

/** Lines of exactly `width` columns each. */
export function contentLines(blocks: readonly Block[], options: ContentOptions): readonly Line[] {
  const lines = options.density === 'roomy' ? roomyLines(blocks, options) : denseLines(blocks, options)
  return lines.map(line => fitLine(line, options.width))
}

function rowItem(row: readonly Cell[], clip: number): Line {
  return row.flatMap(
    (cell, i): Line => [...(i === 0 ? [] : [blank(1)]), ...valueRuns(cell, cellRole(cell), clip)],
  )
}

/** Everything on one line, as far as it fits. */
export function summaryLine(blocks: readonly Block[], width: number, clip: number): Line {
  const items = blocks.flatMap(block =>
    block.kind === 'table' ? block.rows.map(row => rowItem(row, clip)) : pieces(block, clip),
  )
  return fitLine(
    items.flatMap((item, i): Line => (i === 0 ? item : [blank(ITEM_GAP), ...item])),
    width,
  )
}

function wider(a: Widths, b: Widths): Widths {
  return { least: Math.max(a.least, b.least), natural: Math.max(a.natural, b.natural) }
}

/** The preferred and the least width of roomy content. */
export function contentWidths(blocks: readonly Block[], clip: number): Widths {
  const texts = (text: string, tone: Tone | undefined, before: number): Widths => {
    const width = Math.min(displayWidth(text), clip)
    const around = before + (toneMark(tone) === '' ? 0 : 2)
    return { least: around + Math.min(width, COMFORTABLE), natural: around + width }
  }
  return blocks
    .map((block): Widths => {
      if (block.kind === 'table') return tableWidths(block, clip)
      if (block.kind === 'text') return texts(block.text, block.tone, 0)
      const room = labelWidth(block.items) + LABEL_GAP
      return block.items.map(({ text, tone }) => texts(text, tone, room)).reduce(wider, NO_WIDTH)
    })
    .reduce(wider, NO_WIDTH)
}
