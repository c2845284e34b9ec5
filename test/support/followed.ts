// An ingestor under test: its settings, its reports, and a way to wait for a state instead of a time.

import type { Reading } from '../../src/snapshot/reading.js'
import { SseIngestor, type SseIngestorOptions } from '../../src/sources/sse.js'

export type Followed = {
  readonly ingestor: SseIngestor
  readonly readings: Reading[]
  /** Names of events, errors and reconnects, in order: `event panel_full`, `error timeout`, `reconnect ended`. */
  readonly events: string[]
  /** Resolves when it holds; checked after every event. */
  until(holds: () => boolean): Promise<void>
  close(): Promise<void>
}

export function follow(url: string, options: Partial<SseIngestorOptions> = {}): Followed {
  const readings: Reading[] = []
  const events: string[] = []
  const waiting = new Set<() => void>()
  const happened = (): void => {
    for (const look of [...waiting]) look()
  }
  const note = (text: string): void => {
    events.push(text)
    // After the ingestor has finished its report.
    queueMicrotask(happened)
  }
  const ingestor = new SseIngestor({
    url,
    initialDelayMs: 5,
    ...options,
    observer: {
      onEvent: type => note(`event ${type}`),
      onError: kind => note(`error ${kind}`),
      onReconnect: reason => note(`reconnect ${reason}`),
    },
  })
  ingestor.start(reading => {
    readings.push(reading)
    queueMicrotask(happened)
  })
  return {
    ingestor,
    readings,
    events,
    until: holds =>
      new Promise(resolve => {
        const look = (): void => {
          if (!holds()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    close: () => ingestor.close(),
  }
}
