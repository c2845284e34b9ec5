// A feed: what all readers of one form (mode, view, subset) have in common, whatever their wire.
import type { Board } from '../board/board.js'
import type { FeedShape } from './frames.js'
import type { JoinRequest } from './hub-types.js'
import { subsetSuffix } from './resume.js'

type Form = Pick<JoinRequest, 'mode' | 'view' | 'subset'>

export class Feed {
  /** Events published to it so far. */
  published = 0
  /** `published` after its newest `verdict` event: a reader in step that is accounted for fewer events lacks it. */
  verdictAt = 0
  /** An update could not be encoded: the next cycle sends a full snapshot. */
  needsFull = false

  constructor(
    readonly shape: FeedShape,
    /** The last generation in which something of this feed changed. */
    public head: number,
    /** The interval in which its readers last got an event; heartbeats count from here. */
    public lastEventInterval: number,
    /** The last board that became events of this feed, or on which it began; null before the first. */
    public seen: Board | null,
  ) {}
}

/** Equal for requests that share a feed. */
export function feedKey({ mode, view, subset }: Form): string {
  const form = view === 'blocks' ? 'blocks' : mode
  return `${form}:${subset === null ? '*' : [...subset].sort().join(',')}`
}

export function feedShape({ mode, view, subset }: Form): FeedShape {
  return {
    // A structured diff has no blocks.
    mode: view === 'blocks' ? 'lines' : mode,
    view,
    subset: subset === null ? null : new Set(subset),
    idSuffix: subsetSuffix(subset),
  }
}
