// The screen as text for a ticket or a chat: the panels shown, without borders and clipping.
import { timeOfDay } from '../../panels/format.js'
import { linesOf } from '../../panels/lines.js'
import type { Panel } from '../../panels/panel.js'
import { topBar } from './draw/bars.js'
import { filteredPanel } from './draw/filter.js'
import { lineText } from './draw/run.js'
import type { Scene } from './draw/scene.js'

/** Wide enough for every item of the top bar. */
const BAR_COLUMNS = 240

function shownPanels({ shown, view }: Scene): readonly Panel[] {
  const panels = [...(shown?.board.panels.values() ?? [])]
  const wanted = view.zoomed ? panels.filter(({ key }) => key === view.focus) : panels
  const chosen = wanted.length === 0 ? panels : wanted
  if (view.filter === '') return chosen
  return chosen.map(panel => filteredPanel(panel, view.filter)).filter(panel => panel !== null)
}

/** The top bar, then `[Title]` and the lines of every panel shown; ends with a newline. */
export function screenText(scene: Scene, timezone: string): string {
  const bars = topBar({ ...scene, timezone, paused: scene.view.paused }, BAR_COLUMNS).map(lineText)
  const lines = [...bars.map(text => text.trim().replace(/ {3,}/g, '  ')).filter(text => text !== ''), '']
  for (const { title, blocks } of shownPanels(scene)) lines.push(`[${title}]`, ...linesOf(blocks), '')
  return `${lines.join('\n').trimEnd()}\n`
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** `g6-dashboard-20250131-140322.txt`, by the date and time in the time zone. */
export function dumpName(nowMs: number, timezone: string): string {
  const [year, month, day] = new Intl.DateTimeFormat('en-CA', { timeZone: timezone }).format(nowMs).split('-')
  return `g6-dashboard-${year}${pad(Number(month))}${pad(Number(day))}-${timeOfDay(nowMs, timezone).replaceAll(':', '')}.txt`
}
