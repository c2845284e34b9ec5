// `Verdict today` in five rows that nothing else needs: a strip of the day, its times, and when the system was last not well.
import { durationText } from '../../../display/age.js'
import type { Spell, Today } from '../../../display/today.js'
import { clockTime } from '../../../panels/format.js'
import type { Tone } from '../../../panels/panel.js'
import type { Spare } from '../layout/layout.js'
import type { ContentContext } from './content.js'
import type { Block } from './grid.js'
import { LEAST_ROWS } from './plots.js'
import { blank, fitLine, type Line, type Run, run } from './run.js'
import { GUTTER, titleLine } from './title.js'

const ROWS = 5
const GAP_ROWS = 1
const LEAST_WIDTH = 36

/** What is well is low and quiet, the rest a mark of its own. */
const SIGNS: Readonly<Record<Tone, string>> = { ok: '▁', info: '▁', warn: '▲', error: '■', muted: '·' }
const WORST: readonly Tone[] = ['error', 'warn', 'ok', 'muted']

/** The worst tone of each of so many equal parts; a time of which nothing is known is muted. */
function toneOf(spells: readonly Spell[], fromMs: number, toMs: number): Tone {
  const within = spells.filter(spell => spell.fromMs < toMs && spell.fromMs + spell.ms > fromMs)
  return WORST.find(tone => within.some(spell => spell.tone === tone)) ?? 'muted'
}

function strip(spells: readonly Spell[], fromMs: number, toMs: number, columns: number): Line {
  const part = (toMs - fromMs) / columns
  const runs: { tone: Tone; count: number }[] = []
  for (let i = 0; i < columns; i++) {
    const tone = toneOf(spells, fromMs + i * part, fromMs + (i + 1) * part)
    const last = runs.at(-1)
    if (last?.tone === tone) last.count++
    else runs.push({ tone, count: 1 })
  }
  return runs.map(({ tone, count }) => run(SIGNS[tone].repeat(count), tone))
}

/** Left, in the middle, and right. */
function spread(left: Run, middle: Run, right: Run, columns: number): Line {
  const before = Math.max(1, Math.floor((columns - middle.width) / 2) - left.width)
  const after = columns - left.width - before - middle.width - right.width
  return after < 1
    ? [left, blank(Math.max(1, columns - left.width - right.width)), right]
    : [left, blank(before), middle, blank(after), right]
}

function verdictLines(
  { spells, healthyPct, uptimePct }: Today,
  width: number,
  { nowMs, timezone }: ContentContext,
): readonly Line[] {
  const columns = width - GUTTER
  const fromMs = spells[0]?.fromMs ?? nowMs
  const last = spells.at(-1)
  const toMs = last === undefined ? nowMs : last.fromMs + last.ms
  const time = (atMs: number): string => clockTime(atMs, timezone).slice(0, 5)
  const rows: (readonly [label: string, text: string])[] = []
  for (const [word, label] of [
    ['failing', 'Failing'],
    ['attention', 'Attention'],
  ] as const) {
    const spell = spells.findLast(each => each.word === word)
    if (spell !== undefined) rows.push([label, `${time(spell.fromMs)}, ${durationText(spell.ms)}`])
  }
  rows.push(['Uptime', `${(Math.floor(uptimePct * 100) / 100).toFixed(2)} %`])
  const times = spread(
    run(time(fromMs), 'label'),
    run(time((fromMs + toMs) / 2), 'label'),
    run('now', 'label'),
    columns,
  )
  const fields = rows.slice(0, 2).map(([label, text]): Line => {
    const [name, value] = [run(label, 'label'), run(text)]
    return [name, blank(Math.max(1, columns - name.width - value.width)), value]
  })
  const title = { title: 'Verdict today', tone: 'muted', focused: false } as const
  return [
    titleLine({ ...title, remark: `healthy ${Math.floor(healthyPct)} %` }, width),
    ...[strip(spells, fromMs, toMs, columns), times, ...fields].map(line =>
      fitLine([blank(GUTTER), ...line], width),
    ),
  ]
}

/** The rows that stay free for plots: those that are too low for one are taken first. */
export function withVerdict(
  spare: readonly Spare[],
  today: Today | null,
  context: ContentContext,
): { readonly spare: readonly Spare[]; readonly blocks: readonly Block[] } {
  const fits = spare.filter(({ width, height }) => width >= LEAST_WIDTH && height >= ROWS)
  const place =
    fits.find(({ height }) => height < LEAST_ROWS) ??
    fits.find(({ height }) => height >= LEAST_ROWS + GAP_ROWS + ROWS)
  if (today === null || place === undefined) return { spare, blocks: [] }
  const { x, y, width, height } = place
  const block = { x, y, width, lines: verdictLines(today, width, context) }
  const rest = { ...place, y: y + ROWS + GAP_ROWS, height: Math.max(0, height - ROWS - GAP_ROWS) }
  return { spare: spare.map(each => (each === place ? rest : each)), blocks: [block] }
}
