// The package as another program sees it: its files, laid out as npm installs them, with types.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'g6-library-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8' })

test('is imported with its types, runs, and brings the conformance command and its vectors', () => {
  const packed = run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    ROOT,
  ).trim()
  const installed = join(folder, 'node_modules/g6-stream')
  mkdirSync(installed, { recursive: true })
  mkdirSync(join(folder, 'node_modules/@types'))
  run('tar', ['-xzf', join(folder, packed), '-C', installed, '--strip-components', '1'], folder)
  // What npm installs with it, and the types of Node; no other package of this checkout.
  for (const name of ['libsql', '@libsql', '@neon-rs', 'detect-libc', '@types/node', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n')
  const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/library.md'), 'utf8')) ?? []
  expect(example).toContain('createBoard(hub)')
  writeFileSync(join(folder, 'example.mjs'), example)
  writeFileSync(
    join(folder, 'wrong.mjs'),
    "import { createHub } from 'g6-stream'\ncreateHub({ maxClient: 5 })\n",
  )
  // Both in one run, which takes as long as one.
  const { stdout: wrong } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...'--noEmit --allowJs --checkJs --strict --skipLibCheck --target es2022 --module nodenext --types node'.split(
        ' ',
      ),
      'example.mjs',
      'wrong.mjs',
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  expect(wrong.trim().split('\n')).toEqual([expect.stringMatching(/^wrong\.mjs\(2,\d+\): error .*maxClient/)])
  const script =
    "const { createHub } = await import('g6-stream'); console.log(Object.keys(createHub()).join())"
  expect(run(process.execPath, ['--input-type=module', '-e', script], folder)).toBe(
    'handler,express,fastify,fetch,stats,close\n',
  )
  const help = run(process.execPath, [join(installed, 'dist/program/g6-conformance.js'), '--help'], folder)
  expect(help).toContain('g6-conformance [options] <url>')
  expect(run('ls', [join(installed, 'test/vectors')], folder)).toContain('board.json')
})
