// The automatic board: a dashboard for a JSON document that nobody described. Objects become panels of fields, lists and maps of
// alike objects become tables (drafts.ts); here the panels that are shown are selected and named, and what is left out is counted.
// Pure: the same document, options and memory give the same panels.
import { MISSING } from '../panels/format.js'
import { makePanel } from '../panels/lines.js'
import type { Block, Panel } from '../panels/panel.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { Remark } from '../panels/verdict.js'
import type { JsonMap } from '../snapshot/value.js'
import { more } from './cells.js'
import {
  type AutomaticMemory,
  type AutomaticOptions,
  type Draft,
  Drafts,
  type MemberCounts,
  type PanelOutline,
} from './drafts.js'
import { Keys } from './keys.js'
import { titleOf } from './names.js'

export type AutomaticBoard = {
  readonly panels: readonly Panel[]
  /** What the document says about itself; null when it says nothing. */
  readonly own: Remark | null
  readonly members: MemberCounts
  /** State words that are in no table. */
  readonly unknownWords: readonly string[]
  /** When time alone may change the panels, epoch ms; Infinity = never. */
  readonly untilMs: number
  readonly memory: AutomaticMemory
  /** Of each panel. */
  readonly outlines: readonly PanelOutline[]
}

export const MAX_PANELS = 14
/** Members that a note names. */
const NAMED = 5

/** Panels that are not well come before others when there are too many; the order stays. */
function selected(drafts: readonly Draft[], most: number): readonly Draft[] {
  if (drafts.length <= most) return drafts
  const kept = new Set(drafts.filter(({ isBad }) => isBad).slice(0, most))
  for (const draft of drafts) if (kept.size < most) kept.add(draft)
  return drafts.filter(draft => kept.has(draft))
}

function note(left: readonly string[], count: number): readonly Block[] {
  if (count === 0) return []
  const named = left.slice(0, NAMED).join(', ')
  const more = count > NAMED ? ', …' : ''
  const text = shownText(
    `${count} more ${count === 1 ? 'member' : 'members'} not shown: ${named}${more}`,
    MESSAGE_WIDTH,
  )
  return [{ kind: 'text', text, tone: 'muted' }]
}

/** The titles of two panels are never the same: the path tells them apart. */
function titled(drafts: readonly Draft[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { title } of drafts) counts.set(title, (counts.get(title) ?? 0) + 1)
  return drafts.map(({ title, path }) => {
    const parent = path.at(-2)
    return (counts.get(title) ?? 0) > 1 && parent !== undefined
      ? shownText(`${titleOf([parent])}: ${title}`)
      : title
  })
}

/** Never throws for a JSON document; takes time linear in its size. */
export function automaticBoard(
  document: JsonMap,
  options: AutomaticOptions,
  memory: AutomaticMemory | null = null,
): AutomaticBoard {
  const builder = new Drafts(options, memory)
  builder.root(document)
  const { all: drafts, secrets, leftOut, counters } = builder
  const hasRoot = drafts.some(({ path }) => path.length === 0)
  const needsNote = secrets > 0 || leftOut.length > 0 || drafts.length > MAX_PANELS || drafts.length === 0
  const shown = selected(drafts, needsNote && !hasRoot ? MAX_PANELS - 1 : MAX_PANELS)
  const left = [
    ...drafts.filter(draft => !shown.includes(draft)).map(({ path }) => path.join('.')),
    ...leftOut,
  ]
  const notes: readonly Block[] = [
    ...note(left, left.length),
    ...more(secrets, 'possible secret'),
    ...(drafts.length === 0 ? [{ kind: 'text', text: 'no members to show', tone: 'muted' } as const] : []),
  ]
  const empty: Draft = {
    ...{ path: [], fields: [], title: 'Document', blocks: [], facts: {}, isBad: false },
    members: { shown: 0, hidden: 0 },
  }
  const listed = hasRoot || notes.length === 0 ? shown : [...shown, empty]
  const count = (of: readonly Draft[], what: keyof MemberCounts): number =>
    of.reduce((sum, { members }) => sum + members[what], 0)
  const shownCount = count(shown, 'shown')
  const draftCount = count(drafts, 'shown') + count(drafts, 'hidden')
  const titles = titled(listed)
  const keys = new Keys(options.reserved, memory?.keys)
  const panels = listed.map(({ path, blocks, facts }, i) =>
    makePanel(
      keys.take(path),
      titles[i] ?? MISSING,
      path.length === 0 ? [...blocks, ...notes] : blocks,
      Object.keys(facts).length === 0 ? undefined : facts,
    ),
  )
  return {
    panels,
    own: builder.own,
    members: { shown: shownCount, hidden: draftCount - shownCount + builder.leftOutCount + secrets },
    unknownWords: [...builder.unknown],
    untilMs: counters.untilMs,
    memory: { plans: builder.plans, counters: counters.seen, keys: keys.seen },
    outlines: listed.map(({ path, fields: items }) => ({ path, fields: items })),
  }
}
