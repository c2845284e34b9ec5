// docs/images/page.png: the real page in a real browser, over a server that follows the simulator.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { launchChromium } from '../chromium.js'
import { startPictureSource } from '../picture-source.js'
import { startServer } from '../sse/own-server.js'

const STATUS_FILE = 'data/runtime_status.json'
const SIZE = { width: 1280, height: 880 }
/** Enough for lines in the plots. */
const LOOK_AFTER_MS = 45_000
const LIMIT_BYTES = 200_000

async function takePicture(url: string, path: string): Promise<void> {
  const browser = await launchChromium(['--disable-lcd-text'])
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' })
    await page.goto(url)
    await page.locator('[data-panel="links"]').waitFor()
    await wait(LOOK_AFTER_MS)
    mkdirSync(dirname(path), { recursive: true })
    await page.screenshot({ path })
  } finally {
    await browser.close()
  }
}

async function main(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'g6-picture-'))
  const stopSource = startPictureSource(join(folder, STATUS_FILE), 1)
  const server = await startServer(['serve', '--status-file', STATUS_FILE], {}, folder)
  try {
    await takePicture(server.url, path)
    const { size } = statSync(path)
    if (size > LIMIT_BYTES) throw new Error(`the picture has ${size} bytes, allowed are ${LIMIT_BYTES}`)
    console.log(`${path}: ${size} bytes`)
  } finally {
    await server.stop()
    await stopSource()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv[2] ?? 'docs/images/page.png')
