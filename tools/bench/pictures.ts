// Makes the pictures of docs/ with the data of the simulator: a busy platform, the same every time. The screen of the real dashboard
// in a real pty (`terminal`), the real page in a real browser (`page`), or the page with each board of examples/boards and a document
// that fits it (`boards`).
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { parse } from 'smol-toml'
import { CLI, startServer } from '../../bench/own-server.js'
import { print } from '../../src/log/print.js'
import { runSimulator } from '../../src/simulator/run.js'
import { createScenario } from '../../src/simulator/scenario.js'
import { DASHBOARD_ENV } from './terminal/process.js'
import { svgOf } from './terminal/svg.js'
import { launchChromium } from './web/chromium.js'

const STATUS_FILE = 'data/runtime_status.json'
const SCREEN = { cols: 160, rows: 44 }
const PAGE = { width: 1280, height: 880 }
/** Trends and plots begin after a minute; a busy machine starts slowly. */
const TRENDS_MS = 100_000

async function terminalPicture(folder: string): Promise<string> {
  const terminal = new xterm.Terminal({ ...SCREEN, allowProposedApi: true })
  const args = [CLI, 'dashboard', '--serve', '--status-file', STATUS_FILE, '--no-write-panels']
  const child = spawn(process.execPath, args, { ...SCREEN, cwd: folder, ...DASHBOARD_ENV })
  const ended = new Promise<void>(resolve => child.onExit(() => resolve()))
  const reading = child.onData(data => terminal.write(data))
  await wait(TRENDS_MS)
  reading.dispose()
  await new Promise<void>(resolve => terminal.write('', resolve))
  const { active } = terminal.buffer
  if (active.type !== 'alternate')
    throw new Error(`the dashboard did not start: ${active.getLine(0)?.translateToString(true)}`)
  child.write('q')
  await ended
  return svgOf(terminal, 'The G6 Stream dashboard in a terminal')
}

async function pagePicture(folder: string): Promise<Buffer> {
  const server = await startServer(['serve', '--status-file', STATUS_FILE], {}, folder)
  const browser = await launchChromium(['--disable-lcd-text'])
  try {
    const page = await browser.newPage({ viewport: PAGE, colorScheme: 'light' })
    await page.goto(server.url)
    await page.locator('[data-panel="storage"]').waitFor()
    await wait(TRENDS_MS)
    // The simulator has worse moments, which pass.
    await page.locator('.overall[data-verdict="healthy"], .overall[data-verdict="attention"]').waitFor()
    return await page.screenshot()
  } finally {
    await browser.close()
    await server.stop()
  }
}

const PICTURES = {
  terminal: {
    take: terminalPicture,
    path: 'docs/images/dashboard.svg',
    refreshSec: 0.5,
    limitBytes: 200_000,
  },
  page: { take: pagePicture, path: 'docs/images/page.png', refreshSec: 1, limitBytes: 250_000 },
}

/** The boards of examples/boards, with the documents that stand for their sources; `automatic` has no file. */
const BOARDS: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  automatic: 'elasticsearch-cluster-health.json',
  elasticsearch: 'elasticsearch-cluster-health.json',
  rabbitmq: 'rabbitmq-overview.json',
  'kafka-connect': 'kafka-connect-status.json',
  pods: { pods: 'kubectl-get-pods-small.json', use: 'kubectl-top.json' },
  statuspage: 'statuspage-summary.json',
}
const BOARD_PAGE = { width: 1280, height: 640 }
const MAX_BOARD_BYTES = 150_000

const FIXTURES = ['test/fixtures/documents', 'test/fixtures']

async function boardPictures(folder: string): Promise<void> {
  const browser = await launchChromium(['--disable-lcd-text'])
  // A copy is new: a document that is old is not well.
  for (const from of FIXTURES) cpSync(from, folder, { recursive: true, preserveTimestamps: false })
  const fixture = (name: string) => ({ file: join(folder, name) })
  try {
    for (const [name, documents] of Object.entries(BOARDS)) {
      const source =
        typeof documents === 'string'
          ? fixture(documents)
          : Object.fromEntries(Object.entries(documents).map(([of, file]) => [of, fixture(file)]))
      const path = join(folder, `${name}.board.json`)
      if (name !== 'automatic') {
        const board = parse(readFileSync(`examples/boards/${name}.board.toml`, 'utf8'))
        writeFileSync(path, JSON.stringify({ ...board, source }))
      }
      const given = name === 'automatic' ? ['--source', String(source.file)] : ['--board', path]
      const server = await startServer(['serve', ...given], {}, folder)
      try {
        const page = await browser.newPage({ viewport: BOARD_PAGE, colorScheme: 'light' })
        await page.goto(server.url)
        await page.locator('main [data-panel]').first().waitFor()
        // Until the changes of the first board have faded.
        await wait(2_500)
        save(`docs/images/boards/${name}.png`, await page.screenshot(), MAX_BOARD_BYTES)
        await page.close()
      } finally {
        await server.stop()
      }
    }
  } finally {
    await browser.close()
  }
}

function save(path: string, picture: Buffer, limitBytes: number): void {
  if (picture.length > limitBytes)
    throw new Error(`the picture has ${picture.length} bytes, the limit is ${limitBytes}`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, picture)
  print(`${path}: ${picture.length} bytes\n`)
}

async function simulatedPicture(folder: string, what: keyof typeof PICTURES): Promise<void> {
  const { take, path, refreshSec, limitBytes } = PICTURES[what]
  const stop = new AbortController()
  const writing = runSimulator({
    path: join(folder, STATUS_FILE),
    refreshSec,
    cycles: 0,
    signal: stop.signal,
    scenario: createScenario({
      seed: 11,
      indices: ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'],
      intervalSec: 60,
      shape: 'both',
      scenario: 'busy',
      openMarket: true,
      withAnalytics: true,
    }),
  })
  try {
    save(path, Buffer.from(await take(folder)), limitBytes)
  } finally {
    stop.abort()
    await writing
  }
}

const folder = mkdtempSync(join(tmpdir(), 'g6-picture-'))
try {
  const what = process.argv[2]
  if (what === 'boards') await boardPictures(folder)
  else await simulatedPicture(folder, what === 'page' ? 'page' : 'terminal')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
