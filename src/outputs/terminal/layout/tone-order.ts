// The order of panels: alerts that are not well, other errors, warnings, then the order of the board. A panel moves up at once and
// down only when it has been better for a while, and none moves while one has the focus.
import type { Panel, Tone } from '../../../panels/panel.js'
import { isSaidInBars } from './importance.js'

export const HOLD_MS = 5_000

const WELL = 2
const RANKS: Readonly<Record<Tone, number>> = { error: 0, warn: 1, info: WELL, ok: WELL, muted: WELL }

type Held = { readonly rank: number; readonly untilMs: number }

export type OrderOptions = {
  readonly nowMs: number
  readonly hasFocus: boolean
  /** Panels that the bars say as well come last. */
  readonly lastInBars: boolean
}

export class ToneOrder {
  #held = new Map<string, Held>()
  #frozen: readonly string[] | null = null

  /** The panels as they are shown, in the order of the screen. */
  sorted(panels: readonly Panel[], { nowMs, hasFocus, lastInBars }: OrderOptions): readonly Panel[] {
    const held = new Map<string, Held>()
    for (const { key, tone } of panels) {
      const rank = RANKS[tone]
      const before = this.#held.get(key)
      const isHeld =
        before !== undefined &&
        before.rank < rank &&
        before.untilMs > nowMs &&
        before.untilMs <= nowMs + HOLD_MS
      held.set(key, isHeld ? before : { rank, untilMs: nowMs + HOLD_MS })
    }
    this.#held = held
    const known = this.#frozen
    const isSame =
      known !== null && known.length === panels.length && panels.every(({ key }) => known.includes(key))
    const places = new Map(isSame && hasFocus ? known.map((key, i) => [key, i]) : [])
    const placeOf = ({ key }: Panel): number => {
      const place = places.get(key)
      if (place !== undefined) return place
      const rank = held.get(key)?.rank ?? WELL
      if (rank < WELL) return key === 'alerts' ? -1 : rank
      return lastInBars && isSaidInBars(key) ? WELL + 1 : WELL
    }
    const sorted = panels
      .map(panel => ({ panel, place: placeOf(panel) }))
      .sort((a, b) => a.place - b.place)
      .map(({ panel }) => panel)
    this.#frozen = sorted.map(({ key }) => key)
    return sorted
  }
}
