// The package as users get it: packed, installed in an empty folder with --engine-strict, and run. It fails when a
// dependency does not support this Node, when a file is missing or does not belong there, when a command does not work, or when it
// does not serve as another user on a read-only root, on this Node and the newest that it is tested with.
// (`light-my-request` is a direct dependency for this reason alone: from 6.8 on it needs a `cookie` that needs Node 22.)
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkReadOnly, writeStatus } from './check-read-only.mjs'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'g6-package-'))
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

/** What needs a checkout stays there; test/ has the vectors for other clients, bench/ has the benchmarks of operators, built. */
const NOT_SHIPPED =
  /(^|\/)tools\/|\.test\.(d\.)?[jt]s$|^test\/(?!vectors\/)|^bench\/|^dist\/bench\/(?!(cycle|sse|chat|fanout|fleet)\/|[\w-]+\.(js|d\.ts)$)/
const NEEDS_CHECKOUT = [
  ['bench', 'web'],
  ['bench', 'compare', 'run.json', '--json'],
  ['check', 'release'],
  ['docs', '--check'],
]

try {
  // The checkout is built already: `npm ci` ran `prepare`, as packing does for a release.
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], checkout)
  const [archive] = readdirSync(folder)
  const files = run('tar', ['-tzf', archive], folder)
    .split('\n')
    .map(path => path.replace(/^package\//, ''))
  const stray = files.filter(path => NOT_SHIPPED.test(path))
  if (stray.length > 0) throw new Error(`the package must not have ${stray.slice(0, 5).join(', ')}`)
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n')
  run(
    'npm',
    ['install', '--engine-strict', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', `./${archive}`],
    folder,
  )
  const command = join(folder, 'node_modules/.bin/g6')
  const version = run(command, ['--version'], folder).trim()
  const frame = run(command, ['demo', '--no-rich', '--cycles', '1', '--port', '0'], folder)
  if (!frame.includes('Overview')) throw new Error(`the installed demo showed no board:\n${frame}`)
  const cycle = JSON.parse(run(command, ['bench', 'cycle', '--quick'], folder))
  if (!(cycle.median_ms > 0)) throw new Error('the installed `g6 bench cycle` measured nothing')
  for (const args of NEEDS_CHECKOUT) {
    const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 })
    if (status !== 1 || !/^g6: g6 .* needs a checkout: [^\n]+\n$/.test(stderr))
      throw new Error(
        `g6 ${args.join(' ')} must say that it needs a checkout; it exited ${status}:\n${stderr}`,
      )
  }
  chmodSync(folder, 0o755)
  const newest = run('npx', ['-y', 'node@24', '-p', 'process.execPath'], folder).trim()
  for (const [node, args] of [
    [process.execPath, ['serve', '--status-file', writeStatus(folder)]],
    [newest, ['demo', '--no-rich']],
  ]) {
    const complaints = await checkReadOnly(folder, node, args)
    process.stdout.write(
      `g6 ${args[0]} serves as nobody on a read-only root; it says: ${complaints.join('; ')}\n`,
    )
  }
  process.stdout.write(`g6 ${version} installs with --engine-strict on Node ${process.version} and runs\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
