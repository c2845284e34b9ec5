// The panels of a fleet's second board: its servers. Numbers are rounded, so that the board changes when something did, and not with
// every beat.
import { field, fields, moreBlocks, numberCell, textCell } from '../panels/cells.js'
import { makePanel } from '../panels/lines.js'
import type { Cell, Panel, Tone } from '../panels/panel.js'
import { type FleetDocument, isSilent, type MemberData, publishersOf, roleText } from '../protocol/fleet.js'

/** More rows help nobody; `GET /fleet` has them all. */
const MOST_ROWS = 100
const BYTES_PER_MB = 1024 ** 2
const MEMORY_STEP_MB = 50
/** From here on a time is worth a look, and worth an alarm, ms. */
const SLOW_MS = 100
const TOO_SLOW_MS = 1_000

/** Two digits that count: 7, 42, 1 200. */
export function rounded(count: number): number {
  if (count < 100) return count
  const step = 10 ** (Math.floor(Math.log10(count)) - 1)
  return Math.round(count / step) * step
}

/** Of a time only its order: what is usual never changes the board. */
function timeCell(ms: number): Cell {
  if (ms < SLOW_MS) return { text: `< ${SLOW_MS} ms` }
  const tone: Tone = ms < TOO_SLOW_MS ? 'warn' : 'error'
  return { text: ms < TOO_SLOW_MS ? `≥ ${SLOW_MS} ms` : '≥ 1 s', tone }
}

const roleTone = (member: MemberData): Tone =>
  isSilent(member) || member.role === 'alone' || member.role === 'adrift' ? 'warn' : 'ok'

function row(member: MemberData, epoch: string | null): readonly Cell[] {
  const { node, fresh, readers, chat, rss, lag_ms: lateMs, engine_ms: engineMs } = member
  const memoryMb = Math.ceil(rss / BYTES_PER_MB / MEMORY_STEP_MB) * MEMORY_STEP_MB
  const isOther = epoch !== null && member.epoch !== epoch
  return [
    textCell(node),
    textCell(roleText(member), roleTone(member)),
    textCell(fresh ? 'fresh' : null),
    textCell(isOther ? 'another' : 'the same', isOther ? 'warn' : undefined),
    numberCell(rounded(readers), `${rounded(readers)}`),
    numberCell(rounded(chat), `${rounded(chat)}`),
    timeCell(lateMs),
    timeCell(engineMs),
    numberCell(memoryMb, `≤ ${memoryMb} MB`),
    textCell(member.version),
  ]
}

/** In a fixed order. Facts are rounded too: programs read exact numbers at `GET /fleet`. */
export function serversPanels({ name, nodes, degraded }: FleetDocument): readonly Panel[] {
  const leading = publishersOf(nodes)
  const [leader] = leading
  const sum = (of: (member: MemberData) => number): number => nodes.reduce((all, each) => all + of(each), 0)
  const readers = rounded(sum(member => member.readers))
  const answers = rounded(sum(member => member.chat))
  const worstMs = Math.max(0, ...nodes.map(({ engine_ms: ms }) => ms))
  const isGone = degraded.includes('engine')
  const versions = new Map<string, number>()
  for (const { version } of nodes) versions.set(version, (versions.get(version) ?? 0) + 1)
  return [
    makePanel(
      'publisher',
      'Publisher',
      [
        fields(
          field('fleet', textCell(name)),
          field('publisher', leader === undefined ? textCell('nobody', 'error') : textCell(leader.node)),
          field(
            'source',
            leader === undefined
              ? textCell(null)
              : textCell(leader.fresh ? 'fresh' : 'not fresh', leader.fresh ? 'ok' : 'warn'),
          ),
          ...(leading.length > 1 ? [field('publishers', textCell(`${leading.length}`, 'error'))] : []),
        ),
      ],
      { publishers: leading.length },
    ),
    makePanel(
      'readers',
      'Readers',
      [
        fields(
          field('readers', numberCell(readers, `${readers}`), { fact: 'readers' }),
          field('answers', numberCell(answers, `${answers}`), { fact: 'answers' }),
        ),
      ],
      { readers, answers },
    ),
    makePanel('engine', 'Redis', [
      fields(
        field('state', isGone ? textCell('gone', 'error') : textCell('answers', 'ok')),
        field('slowest answer', isGone ? textCell(null) : timeCell(worstMs)),
      ),
    ]),
    makePanel(
      'nodes',
      'Servers',
      [
        {
          kind: 'table',
          columns: [
            { label: 'node', priority: 9 },
            { label: 'role', priority: 8, role: 'state' },
            { label: 'source', priority: 5 },
            { label: 'board', priority: 4 },
            { label: 'readers', align: 'right', priority: 7 },
            { label: 'answers', align: 'right', priority: 6 },
            { label: 'late', align: 'right', priority: 3 },
            { label: 'redis', align: 'right', priority: 2 },
            { label: 'memory', align: 'right', unit: 'MB', priority: 1 },
            { label: 'version' },
          ],
          rows: nodes.slice(0, MOST_ROWS).map(member => row(member, leader?.epoch ?? null)),
        },
        ...moreBlocks(nodes.length - MOST_ROWS, 'servers'),
      ],
      { nodes: nodes.length },
    ),
    makePanel('versions', 'Versions', [
      fields(
        ...[...versions]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([version, count]) =>
            field(version, numberCell(count, count === 1 ? '1 server' : `${count} servers`)),
          ),
      ),
    ]),
  ]
}
