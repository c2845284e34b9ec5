// A real hub and server with the page, in this process, and boards with a known number of changed cells.

import { benchDocuments } from '../../../bench/documents.js'
import { type Board, emptyBoard, nextBoard } from '../../../src/board/board.js'
import { systemClock } from '../../../src/clock/clock.js'
import { loadConfig } from '../../../src/config/load.js'
import type { Config } from '../../../src/config/settings.js'
import { Connections } from '../../../src/connection/connections.js'
import { createPanelBuilder } from '../../../src/engine/panel-builder.js'
import { pagePlugin } from '../../../src/http/routes/built-files.js'
import { createHttpServer } from '../../../src/http/server.js'
import { Hub } from '../../../src/hub/hub.js'
import { silentLog } from '../../../src/log/log.js'
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

function benchConfig(): Config {
  const loaded = loadConfig({
    env: { G6_SSE_EVENTS_PER_SEC: '1000', G6_SSE_IP_CONNECT_RATE: '0', G6_SHED_LAG_MS: '0' },
  })
  if (loaded.ok) return loaded.config
  throw new Error(loaded.errors.map(({ message }) => message).join('; '))
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
  const config = benchConfig()
  const connections = new Connections()
  const hub = new Hub({ settings: () => config, version: 'bench', connections })
  let board: Board = emptyBoard('bench')
  let panels = firstPanels(indices)
  let count = 0
  const server = createHttpServer({
    config: () => config,
    listeners: [
      { name: 'unified', port: 0, setting: '', surfaces: ['stream', 'resync', 'metrics', 'other'] },
    ],
    hub,
    connections,
    panelKeys: () => new Set(board.panels.keys()),
    health: () => ({
      status: 'ok',
      hit_ratio: 0.5,
      sse: { clients: hub.stats().clients },
      status_file: { state: 'fresh', age_sec: 0 },
    }),
    ready: () => ({ ok: true, reason: '' }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    log: silentLog,
    clock: systemClock,
    version: 'bench',
    plugins: [pagePlugin()],
  })
  const publishBoard = (): void => {
    board = nextBoard(board, panels, board.cycle + 1, Date.now())
    hub.publish(board, null)
  }
  publishBoard()
  const [listening] = await server.listen()
  return {
    url: listening?.url ?? '',
    publish() {
      count++
      const newestText = (20_000 + count / 100).toFixed(2)
      const price = { text: newestText, value: Number(newestText) }
      const numbers = { cpu_pct: (count % 50).toFixed(1), memory_mb: (100 + (count % 90)).toFixed(1) }
      panels = panels.map(({ key, title, blocks, facts }) => {
        if (key === 'indices')
          return makePanel(
            key,
            title,
            blocks.map(block => withPrice(block, count, price)),
            facts && withLtp(facts, count, price.value),
          )
        if (key === 'resources')
          return makePanel(
            key,
            title,
            blocks.map(block => withNumbers(block, numbers)),
            { cpu_pct: Number(numbers.cpu_pct), memory_mb: Number(numbers.memory_mb) },
          )
        return makePanel(key, title, blocks, facts)
      })
      publishBoard()
      return { cellsChanged: 3, newestText }
    },
    async close() {
      await hub.close(0)
      await server.close()
    },
  }
}
