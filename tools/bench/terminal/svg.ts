// The screen of a terminal as an SVG picture: text stays text, every run at its column, in the colours of the terminal.
import type { Terminal } from '@xterm/headless'

const CELL = { width: 8.4, height: 16 } as const
const PADDING = 14
const INK = '#d6dae2'
const GROUND = '#15181e'
const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'

type Look = { readonly ink: string; readonly bold: boolean; readonly ground: string | null }
type Run = { readonly x: number; readonly text: string; readonly columns: number; readonly look: Look }

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const fixed = (value: number): string => String(Number(value.toFixed(1)))

type Cell = NonNullable<
  ReturnType<NonNullable<ReturnType<Terminal['buffer']['active']['getLine']>>['getCell']>
>

function lookOf(cell: Cell): Look {
  const ink = cell.isFgRGB() ? `#${cell.getFgColor().toString(16).padStart(6, '0')}` : INK
  const inverse = cell.isInverse() !== 0
  return { ink: inverse ? GROUND : ink, bold: cell.isBold() !== 0, ground: inverse ? ink : null }
}

const sameLook = (a: Look, b: Look): boolean => a.ink === b.ink && a.bold === b.bold && a.ground === b.ground

function runsOf(terminal: Terminal, y: number): Run[] {
  const line = terminal.buffer.active.getLine(terminal.buffer.active.viewportY + y)
  const runs: Run[] = []
  for (let x = 0; x < terminal.cols; x++) {
    const cell = line?.getCell(x)
    if (cell === undefined || cell.getWidth() === 0) continue
    const look = lookOf(cell)
    const text = cell.getChars() || ' '
    const last = runs.at(-1)
    // A single blank belongs to its run, more of them end it: each word is at its own column.
    const blankBefore = last?.text.endsWith('  ') ?? false
    if (
      last !== undefined &&
      sameLook(last.look, look) &&
      !(blankBefore && text !== ' ' && look.ground === null)
    ) {
      runs[runs.length - 1] = { ...last, text: last.text + text, columns: last.columns + cell.getWidth() }
    } else runs.push({ x, text, columns: cell.getWidth(), look })
  }
  return runs.filter(({ text, look }) => look.ground !== null || text.trim() !== '')
}

/** The whole screen on a ground of its own colour. */
export function svgOf(terminal: Terminal, title: string): string {
  const width = terminal.cols * CELL.width + 2 * PADDING
  const height = terminal.rows * CELL.height + 2 * PADDING
  const parts: string[] = []
  for (let y = 0; y < terminal.rows; y++) {
    const top = PADDING + y * CELL.height
    for (const { x, text, columns, look } of runsOf(terminal, y)) {
      const left = PADDING + x * CELL.width
      if (look.ground !== null) {
        const size = `width="${fixed(columns * CELL.width)}" height="${CELL.height}"`
        parts.push(`<rect x="${fixed(left)}" y="${fixed(top)}" ${size} fill="${look.ground}"/>`)
      }
      const shown = text.trimEnd()
      const lead = shown.length - shown.trimStart().length
      const at = `x="${fixed(left + lead * CELL.width)}" y="${fixed(top + 12.4)}"`
      const length = `textLength="${fixed((columns - (text.length - shown.length) - lead) * CELL.width)}"`
      const weight = look.bold ? ' font-weight="700"' : ''
      const ink = look.ink === INK ? '' : ` fill="${look.ink}"`
      parts.push(`<text ${at} ${length}${ink}${weight}>${escaped(shown.trimStart())}</text>`)
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fixed(width)} ${fixed(height)}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="10" fill="${GROUND}"/>`,
    `<g font-family='${FONT}' font-size="14" fill="${INK}" xml:space="preserve" lengthAdjust="spacingAndGlyphs">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}
