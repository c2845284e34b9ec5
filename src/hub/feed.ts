// A feed: everything readers of one form (mode, view, subset) have in common: the generation they are led to, when they
// last heard anything, and the lanes that put its text on the wire.

import type { Wire } from '../connection/transport.js'
import { wireKey } from '../connection/wire.js'
import type { FeedShape } from './frames.js'
import type { JoinRequest } from './hub-types.js'
import { Lane } from './lane.js'
import { subsetSuffix } from './resume.js'

export class Feed {
  readonly shape: FeedShape
  readonly lanes = new Map<string, Lane>()
  /** The last generation in which something of this feed changed. */
  head: number
  /** The interval in which its readers last got an event; heartbeats count from here. */
  lastEventInterval: number
  /** Events published to it so far. */
  published = 0
  /** An update could not be encoded: the next cycle sends a full snapshot. */
  needsFull = false

  constructor(shape: FeedShape, head: number, interval: number) {
    this.shape = shape
    this.head = head
    this.lastEventInterval = interval
  }

  lane(wire: Wire): Lane {
    const key = wireKey(wire)
    const known = this.lanes.get(key)
    if (known !== undefined) return known
    const lane = new Lane(wire, this)
    this.lanes.set(key, lane)
    return lane
  }
}

export function feedKey(request: Pick<JoinRequest, 'mode' | 'view' | 'subset'>): string {
  const { mode, view, subset } = request
  // Blocks imply lines mode: a structured diff has no blocks.
  const form = view === 'blocks' ? 'blocks' : mode
  return `${form}:${subset === null ? '*' : [...subset].sort().join(',')}`
}

export function feedShape(request: Pick<JoinRequest, 'mode' | 'view' | 'subset'>): FeedShape {
  const { mode, view, subset } = request
  return {
    mode: view === 'blocks' ? 'lines' : mode,
    view,
    subset: subset === null ? null : new Set(subset),
    idSuffix: subsetSuffix(subset),
  }
}
