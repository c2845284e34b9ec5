// createBoard: panels by key. What is set in one tick is one update; what looks the same is none.

import { type Board, emptyBoard, nextBoard, withVerdict } from '../board/board.js'
import { systemClock } from '../clock/clock.js'
import { momentNow } from '../clock/moment.js'
import { VerdictSince } from '../engine/verdict-since.js'
import { randomId } from '../guards/ids.js'
import { type Content, isPanelKey, PANEL_KEY_RULE } from '../panels/content.js'
import { makePanel } from '../panels/lines.js'
import type { Panel } from '../panels/panel.js'
import { verdictOf } from '../panels/verdict.js'
import { claimHub, type LiveHub } from './hub.js'

export type LiveBoard = {
  /** Shows this content under this key. Throws a TypeError or RangeError for what cannot be shown. */
  set(key: string, content: Content): void
  /** Removes a panel; returns whether there was one. */
  delete(key: string): boolean
}

const MAX_PANELS = 256
/** Removed panels remembered for clients that come back; past it all clients get the whole board anew. */
const MAX_REMOVED = 256

/** Names this run of the board: the time first, then chance, and no `-`, since ids are split there. */
function createEpoch(nowMs: number): string {
  return `${nowMs.toString(36)}${randomId(3, 'hex')}`
}

function panelOf(key: string, content: Content): Panel {
  if (!isPanelKey(key)) {
    throw new TypeError(`"${key}" cannot be a panel's key: use 1 to 64 characters: ${PANEL_KEY_RULE}`)
  }
  if (typeof content?.title !== 'string' || !Array.isArray(content.blocks)) {
    throw new TypeError(`the panel "${key}" needs { title, blocks }: use fields(), table() or text()`)
  }
  return makePanel(key, content.title, content.blocks)
}

/** The board of this hub; a hub has one. Panels are shown in the order in which they were first set. */
export function createBoard(hub: LiveHub): LiveBoard {
  const publish = claimHub(hub)
  const panels = new Map<string, Panel>()
  const since = new VerdictSince()
  let board: Board = emptyBoard(createEpoch(Date.now()))
  let isQueued = false

  function update(): void {
    isQueued = false
    const nowMs = Date.now()
    const from = board.tombstones.size > MAX_REMOVED ? emptyBoard(createEpoch(nowMs)) : board
    const next = nextBoard(from, [...panels.values()], board.cycle + 1, nowMs)
    if (next.generation === board.generation && next.epoch === board.epoch) return
    const verdict = verdictOf({ snapshot: null, panels: next.panels.values(), remarks: [] })
    board = withVerdict(next, since.of(verdict, momentNow(systemClock)))
    publish(board)
  }

  function updateSoon(): void {
    if (isQueued) return
    isQueued = true
    queueMicrotask(update)
  }

  return {
    set(key, content) {
      const panel = panelOf(key, content)
      if (panels.size >= MAX_PANELS && !panels.has(key)) {
        throw new RangeError(`the board has ${MAX_PANELS} panels, as many as are allowed; delete one first`)
      }
      panels.set(key, panel)
      updateSoon()
    },
    delete(key) {
      const isKnown = panels.delete(key)
      if (isKnown) updateSoon()
      return isKnown
    },
  }
}
