// A real hub and server with the page, in this process, and boards with a known number of changed cells.

import { benchDocuments } from '../../../bench/documents.js'
import { createHubServer } from '../../../bench/hub-server.js'
import { createPanelBuilder } from '../../../src/engine/panel-builder.js'
import { pagePlugin } from '../../../src/http/routes/built-files.js'
import type { Facts } from '../../../src/panels/facts.js'
import { makePanel } from '../../../src/panels/lines.js'
import type { Block, Cell, Panel } from '../../../src/panels/panel.js'
import { DEFAULT_THRESHOLDS } from '../../../src/panels/thresholds.js'
import { derive } from '../../../src/snapshot/derive.js'

export type Publisher = {
  readonly url: string
  /** The next board: another price of one index, another processor and memory load. */
  publish(): { readonly cellsChanged: number; readonly newestText: string }
  close(): Promise<void>
}

function firstPanels(indices: number): readonly Panel[] {
  const status = benchDocuments({ indices, churnPct: 10, seed: 1 }).next()
  return createPanelBuilder().build({
    snapshot: derive(status),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: 'Asia/Kolkata',
    links: { source: 'status.json', metricsUrl: null, streamUrl: null, pageUrl: null },
    nowMs: Date.now(),
  })
}

const PRICE_COLUMN = 1

function withPrice(block: Block, row: number, price: Cell): Block {
  if (block.kind !== 'table') return block
  const rows = block.rows.map((cells, i) =>
    i === row % block.rows.length ? cells.map((cell, n) => (n === PRICE_COLUMN ? price : cell)) : cells,
  )
  return { ...block, rows }
}

function withNumbers(block: Block, texts: Readonly<Record<string, string>>): Block {
  if (block.kind !== 'fields') return block
  const items = block.items.map(item => {
    const text = texts[item.label]
    return text === undefined ? item : { ...item, text, value: Number(text) }
  })
  return { ...block, items }
}

/** The same price among the facts. */
function withLtp(facts: Facts, count: number, ltp: number): Facts {
  const names = Object.keys(facts)
  const name = names[count % names.length] ?? ''
  return { ...facts, [name]: { ...(facts[name] as Facts), ltp } }
}

export async function startPublisher(indices: number): Promise<Publisher> {
  let panels = firstPanels(indices)
  let count = 0
  const server = createHubServer({
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    health: () => ({
      status: 'ok',
      hit_ratio: 0.5,
      sse: { clients: server.hub.stats().clients },
      status_file: { state: 'fresh', age_sec: 0 },
    }),
    plugins: [pagePlugin()],
  })
  const publishBoard = () => server.hub.publish(server.next(panels), null)
  publishBoard()
  return {
    url: await server.listen(),
    publish() {
      count++
      const newestText = (20_000 + count / 100).toFixed(2)
      const price = { text: newestText, value: Number(newestText) }
      const numbers = { cpu_pct: (count % 50).toFixed(1), memory_mb: (100 + (count % 90)).toFixed(1) }
      const change = ({ blocks, facts, key }: Panel): readonly [readonly Block[], Facts | undefined] => {
        if (key === 'indices')
          return [
            blocks.map(block => withPrice(block, count, price)),
            facts && withLtp(facts, count, price.value),
          ]
        if (key !== 'resources') return [blocks, facts]
        const values = { cpu_pct: Number(numbers.cpu_pct), memory_mb: Number(numbers.memory_mb) }
        return [blocks.map(block => withNumbers(block, numbers)), values]
      }
      panels = panels.map(panel => makePanel(panel.key, panel.title, ...change(panel)))
      publishBoard()
      return { cellsChanged: 3, newestText }
    },
    close: server.close,
  }
}
