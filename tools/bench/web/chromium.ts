// Finds Chromium and starts it headless, without requests of its own.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function findChromium(): string | undefined {
  return [process.env.CHROMIUM_PATH ?? '', ...PLACES].find(path => path !== '' && existsSync(path))
}

/** Throws where there is no Chromium. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined)
    throw new Error(
      'no Chromium found: install it (Debian: apt-get install -y chromium) or set CHROMIUM_PATH',
    )
  return chromium.launch({ executablePath, args: [...ARGS, ...args] })
}
