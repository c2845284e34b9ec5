// Makes docs/images/page.png: the real page in a real browser, over a server that follows the simulator.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startServer } from '../../../bench/own-server.js'
import { launchChromium } from './chromium.js'
import { startPictureSource } from './picture-source.js'

const STATUS_FILE = 'data/runtime_status.json'
const SIZE = { width: 1280, height: 880 }
/** Until the plots have lines. */
const LOOK_AFTER_MS = 45_000
const LIMIT_BYTES = 150_000

async function takePicture(url: string): Promise<Buffer> {
  const browser = await launchChromium(['--disable-lcd-text'])
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' })
    await page.goto(url)
    await page.locator('[data-panel="links"]').waitFor()
    await wait(LOOK_AFTER_MS)
    // The simulator has worse moments, which pass.
    await page.locator('.overall[data-verdict="healthy"], .overall[data-verdict="attention"]').waitFor()
    return await page.screenshot()
  } finally {
    await browser.close()
  }
}

async function main(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'g6-picture-'))
  const stopSource = startPictureSource(join(folder, STATUS_FILE), 1)
  const server = await startServer(['serve', '--status-file', STATUS_FILE], {}, folder)
  try {
    const picture = await takePicture(server.url)
    if (picture.length > LIMIT_BYTES) {
      throw new Error(`the picture has ${picture.length} bytes, the limit is ${LIMIT_BYTES}`)
    }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, picture)
    console.log(`${path}: ${picture.length} bytes`)
  } finally {
    await server.stop()
    await stopSource()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv[2] ?? 'docs/images/page.png')
