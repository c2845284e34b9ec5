// What a node writes about itself with each beat. Other nodes read `beat` of the publisher; the fleet's own board shows the rest.
import { z } from 'zod'
import type { Seat } from './seat.js'

export type Presence = {
  readonly name: string
  readonly version: string
  /** Epoch ms of its own clock: to show, not to compare. */
  readonly started: number
  readonly readers: number
  readonly chat: number
  readonly rss: number
}

export type NodeInfo = Presence & {
  readonly v: number
  readonly beat: number
  readonly role: Seat
  readonly fresh: boolean
  readonly draining: boolean
  readonly epoch: string
  readonly generation: number
  /** How late its last beat was: the event loop was busy. */
  readonly lag_ms: number
  /** How long the last answered beat took. */
  readonly engine_ms: number
}

const beatOnly = z.object({ beat: z.int().nonnegative() })

/** Null: it says none. */
export function beatOf(info: string | null): number | null {
  if (info === null) return null
  try {
    return beatOnly.safeParse(JSON.parse(info)).data?.beat ?? null
  } catch {
    return null
  }
}
