// A panel as plain text, and the board as the document of `/summary/resync`. Pure.
import type { ClientBoard, ClientPanel } from '../../client/index.js'

/** As in every plain text: `[Title]`, then the lines. */
export function panelText({ title, lines }: Pick<ClientPanel, 'title' | 'lines'>): string {
  return `${[`[${title}]`, ...lines].join('\n')}\n`
}

/**
 * The document of `/summary/resync?view=blocks` for this board, without each panel's `since`, which readers do not get. On a
 * paused page it is the board shown, after a lost connection the last one.
 */
export function boardDocument({ epoch, generation, cycle, ts, panels, verdict }: ClientBoard): string {
  const shown = [...panels].map(([key, { key: _, ...content }]) => [key, content])
  const board = {
    schema_version: 'v1',
    epoch,
    generation,
    cycle,
    ts,
    panels: Object.fromEntries(shown),
    verdict,
  }
  return `${JSON.stringify(board, null, 2)}\n`
}

/** `g6-board-<epoch>-<generation>.json`, with characters that every file system allows. */
export function fileName({ epoch, generation }: Pick<ClientBoard, 'epoch' | 'generation'>): string {
  return `g6-board-${epoch.replace(/[^\w.-]+/g, '_').slice(0, 64)}-${generation}.json`
}
