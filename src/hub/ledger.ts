// What the hub counts, and whoever observes it. Counting is at once; telling waits until the writes are out, because observing
// costs as much as encoding, and readers do not wait for it.
import type { ResyncReason } from '../protocol/events.js'
import type { EventText } from './frames.js'
import type { HubObserver, HubStats } from './hub-types.js'

/** What observers have not heard yet. */
type Untold = {
  readonly events: EventText[]
  readonly encodesSec: number[]
  readonly steps: { readonly panels: readonly string[]; readonly seconds: number | null }[]
}

const nothing = (): Untold => ({ events: [], encodesSec: [], steps: [] })

export class Ledger {
  readonly #observer: HubObserver
  readonly #byType: Record<string, number> = {}
  readonly #resumed = { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 }
  #events = 0
  #sent = 0
  #merged = 0
  #bytes = 0
  #stalled = 0
  #untold = nothing()
  #telling: NodeJS.Immediate | null = null

  constructor(observer: HubObserver) {
    this.#observer = observer
  }

  /** Events as published: once, not per reader. Observers hear of them after `tellSoon`. */
  published(events: readonly EventText[]): void {
    for (const event of events) {
      this.#events++
      this.#byType[event.name] = (this.#byType[event.name] ?? 0) + 1
      this.#untold.events.push(event)
    }
  }

  encoded(seconds: number): void {
    this.#untold.encodesSec.push(seconds)
  }

  /** The panels of a step are with every reader in step; `seconds` after it was published, null when nobody reads. */
  stepDone(panels: readonly string[], seconds: number | null): void {
    this.#untold.steps.push({ panels, seconds })
  }

  delivered(events: number, bytes: number): void {
    this.#sent += events
    this.#bytes += bytes
  }

  merged(events: number): void {
    this.#merged += events
  }

  stalled(): void {
    this.#stalled++
  }

  resumed(result: 'resumed' | ResyncReason): void {
    this.#resumed[result]++
    this.#observer.onResume?.(result)
  }

  totals(): Omit<HubStats, 'clients' | 'behind'> {
    return {
      eventsTotal: this.#events,
      byType: { ...this.#byType },
      eventsSent: this.#sent,
      eventsMerged: this.#merged,
      bytesSent: this.#bytes,
      stalled: this.#stalled,
      resumed: { ...this.#resumed },
    }
  }

  /** Tells what is left to tell. */
  close(): void {
    if (this.#telling !== null) clearImmediate(this.#telling)
    this.#tell()
  }

  /** After the writes: what was published, encoded and done is told in a turn of its own. */
  tellSoon(): void {
    this.#telling ??= setImmediate(() => this.#tell())
  }

  #tell(): void {
    this.#telling = null
    const { events, encodesSec, steps } = this.#untold
    this.#untold = nothing()
    const { onEvent, onStructured, onEncode, onPanelUpdate, onPanelSent } = this.#observer
    for (const { name, text, panels } of events) {
      onEvent?.(name, Buffer.byteLength(text))
      if (name === 'panel_update_structured') onStructured?.(panels)
    }
    for (const seconds of encodesSec) onEncode?.(seconds)
    for (const { panels, seconds } of steps) {
      for (const panel of panels) {
        onPanelUpdate?.(panel)
        if (seconds !== null) onPanelSent?.(panel, seconds)
      }
    }
  }
}
