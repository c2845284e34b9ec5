// What the hub counts and reports to its observer. It counts at once, but reports only after the writes, since readers must not wait
// for it: in the same turn of the event loop where the writes end there, as a turn of its own costs more than the report.
import type { ResyncReason } from '../protocol/events.js'
import type { EventText } from './frames.js'
import type { HubObserver, HubStats } from './hub-types.js'

/** What is still to be reported. */
type Report = {
  readonly events: EventText[]
  readonly encodesSec: number[]
  readonly steps: { readonly panels: readonly string[]; readonly seconds: number | null }[]
}

const emptyReport = (): Report => ({ events: [], encodesSec: [], steps: [] })

export class Ledger {
  readonly #observer: HubObserver
  readonly #byType: Record<string, number> = {}
  readonly #resumed = { resumed: 0, epoch: 0, ahead: 0, subset: 0, malformed: 0 }
  #events = 0
  #sent = 0
  #merged = 0
  #bytes = 0
  #stalled = 0
  #report = emptyReport()
  #reporting: NodeJS.Immediate | null = null

  constructor(observer: HubObserver) {
    this.#observer = observer
  }

  /** Events as published: once, not per reader. Reported after `reportSoon`. */
  published(events: readonly EventText[]): void {
    for (const event of events) {
      this.#events++
      this.#byType[event.name] = (this.#byType[event.name] ?? 0) + 1
      this.#report.events.push(event)
    }
  }

  encoded(seconds: number): void {
    this.#report.encodesSec.push(seconds)
  }

  /** Every reader that is up to date has these panels, `seconds` after they were published; null when there are no readers. */
  stepDone(panels: readonly string[], seconds: number | null): void {
    this.#report.steps.push({ panels, seconds })
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

  /** Reports the rest. */
  close(): void {
    if (this.#reporting !== null) clearImmediate(this.#reporting)
    this.report()
  }

  /** Reports in a later turn of the event loop, after the writes. */
  reportSoon(): void {
    this.#reporting ??= setImmediate(() => {
      this.#reporting = null
      this.report()
    })
  }

  /** Reports now: after the writes. */
  report(): void {
    const { events, encodesSec, steps } = this.#report
    this.#report = emptyReport()
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
