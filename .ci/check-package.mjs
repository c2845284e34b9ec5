// The package as a stranger gets it: packed, installed in an empty folder with --engine-strict, and run. It fails when a
// dependency does not support this Node, when a file is missing, or when the installed command does not work.
// (`light-my-request` is a direct dependency for this reason alone: from 6.8 on it needs a `cookie` that needs Node 22.)
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'g6-package-'))
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

try {
  // The checkout is built already; packing runs `prepare` again, because that is what a release does.
  run('npm', ['pack', '--silent', '--pack-destination', folder], checkout)
  const [archive] = readdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n')
  run('npm', ['install', '--engine-strict', '--no-audit', '--no-fund', '--silent', `./${archive}`], folder)
  const command = join(folder, 'node_modules/.bin/g6')
  const version = run(command, ['--version'], folder).trim()
  const frame = run(command, ['demo', '--no-rich', '--cycles', '1', '--port', '0'], folder)
  if (!frame.includes('Overview')) throw new Error(`the installed demo showed no board:\n${frame}`)
  process.stdout.write(`g6 ${version} installs with --engine-strict on Node ${process.version} and runs\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
