// A panel and a board as what leaves the page: plain text, and the document of `/summary/resync`. Pure.
import type { ClientBoard, ClientPanel } from '../../client/index.js'

/** As on every plain surface: `[Title]`, then the lines. */
export function panelText({ title, lines }: Pick<ClientPanel, 'title' | 'lines'>): string {
  return `${[`[${title}]`, ...lines].join('\n')}\n`
}

/**
 * What `/summary/resync?view=blocks` tells of this board, but for each panel's `since`, which no reader is told. Of a
 * paused page it is the board that is shown, and of a lost connection the last one.
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

/** `g6-board-<epoch>-<generation>.json`, of characters that any file system takes. */
export function fileName({ epoch, generation }: Pick<ClientBoard, 'epoch' | 'generation'>): string {
  return `g6-board-${epoch.replace(/[^\w.-]+/g, '_').slice(0, 64)}-${generation}.json`
}
