// What a tab and the feed that it follows say to each other. The feed is in a SharedWorker, or in the tab itself; both sides see
// the same messages, which must be plain data.
import type { ClientBoard, ClientPanel, ConnectionState } from '../../client/index.js'

/** The tab says it once a second, and after each board it has shown. Nothing is assumed of an earlier one. */
export type Asked = {
  /** The server's address. */
  readonly server: string
  readonly token: string | null
  /** The tab wants a stream for this long from now; 0 takes nothing back. */
  readonly keepMs: number
  /** It has taken the last board, and can take another. */
  readonly ready: boolean
  /** Connect again now, unless the connection is sound. */
  readonly again: boolean
}

export type Trouble = {
  /** For people. */
  readonly message: string
  readonly status: number | undefined
  /** Until the next attempt, from now; null when none is waiting. */
  readonly retryInMs: number | null
}

export type News = {
  readonly state: ConnectionState
  readonly silent: boolean
  /** Since the last byte; null before the first. Not a time: a tab in a test has a clock of its own. */
  readonly heardAgoMs: number | null
  /** The last failure since the connection was live. */
  readonly trouble: Trouble | null
  /** Null when the tab has the newest one, or is not ready. */
  readonly board: BoardPart | null
}

/** A board without the panels that the tab has. */
export type BoardPart = Omit<ClientBoard, 'panels'> & {
  /** Of all panels, in the board's order. */
  readonly keys: readonly string[]
  readonly changed: readonly ClientPanel[]
}

/** What turns `held` into `next`; with `null` all of it. */
export function partOf(held: ClientBoard | null, next: ClientBoard): BoardPart {
  const { panels, ...moment } = next
  const changed = [...panels.values()].filter(panel => held?.panels.get(panel.key) !== panel)
  return { ...moment, keys: [...panels.keys()], changed }
}

/** The board after this part. */
export function boardWith(held: ClientBoard | null, { keys, changed, ...moment }: BoardPart): ClientBoard {
  const fresh = new Map(changed.map(panel => [panel.key, panel]))
  const panels = new Map<string, ClientPanel>()
  for (const key of keys) {
    const panel = fresh.get(key) ?? held?.panels.get(key)
    if (panel !== undefined) panels.set(key, panel)
  }
  return { ...moment, panels }
}
