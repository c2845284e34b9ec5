// The browser of the tests, which is that of `g6 bench web`. Root on Debian gets it installed; elsewhere the launch says what to do.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findChromium } from '../../tools/bench/web/chromium.js'

if (findChromium() === undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
  execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], { env, stdio: 'ignore' })
}

export { launchChromium } from '../../tools/bench/web/chromium.js'
