// The package as users get it: packed, installed in an empty folder with --engine-strict, and run. It fails when a
// dependency does not support this Node, when a file is missing or does not belong there, when it is too large, when its types need a
// package that does not come with it, when a command does not work, or when it does not serve as another user on a read-only root, on
// this Node and the newest that it is tested with.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkReadOnly, writeStatus } from './check-read-only.mjs'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'g6-package-'))
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

/** Of built files the package has what is bundled, and of test/ the vectors for other clients. */
const NOT_SHIPPED =
  /(^|\/)tools\/|\.test\.(d\.)?[jt]s$|^test\/(?!vectors\/)|^bench\/|^dist\/(?!(program|page|types)\/|[\w-]+\.(js|css)$)/
/** With all that npm installs; two thirds of it is SQLite, for two C libraries. */
const MAX_MB = 30
const sizeMb = at =>
  readdirSync(at, { recursive: true }).reduce((sum, path) => sum + statSync(join(at, path)).size, 0) / 1e6
/** Every export but `ai-sdk`, which needs the AI SDK of its users. */
const TYPED = ['', '/client', '/chat-client', '/resumable-fetch']
const NEEDS_CHECKOUT = [
  ['bench', 'web'],
  ['bench', 'compare', 'run.json', '--json'],
  ['check', 'release'],
  ['docs', '--check'],
]

/** A program in TypeScript that checks the declarations of its libraries too. */
function checkTypes() {
  const lines = TYPED.map(
    (name, i) => `import type * as from${i} from 'g6-stream${name}'\nexport type { from${i} }\n`,
  )
  writeFileSync(join(folder, 'program.mts'), lines.join(''))
  mkdirSync(join(folder, 'node_modules/@types'))
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(checkout, 'node_modules', name), join(folder, 'node_modules', name))
  const options = '--noEmit --strict --skipDefaultLibCheck --target es2022 --module nodenext --types node'
  run(
    process.execPath,
    [join(checkout, 'node_modules/typescript/bin/tsc'), ...options.split(' '), 'program.mts'],
    folder,
  )
}

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
  const size = sizeMb(join(folder, 'node_modules'))
  if (size > MAX_MB) throw new Error(`installed it has ${size.toFixed(1)} MB, more than ${MAX_MB}`)
  checkTypes()
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
  process.stdout.write(
    `g6 ${version} installs with --engine-strict on Node ${process.version} in ${size.toFixed(1)} MB and runs\n`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
