import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textFiles } from './text-files.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'g6-files-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

test('all text files, those in hidden folders too, in order', async () => {
  write('src/b.ts', 'b')
  write('src/a/a.ts', 'a')
  write('.ci/run', 'c')
  expect(await textFiles(root)).toEqual([
    { path: '.ci/run', text: 'c' },
    { path: 'src/a/a.ts', text: 'a' },
    { path: 'src/b.ts', text: 'b' },
  ])
})

test('nothing built, installed or collected, no data and no links', async () => {
  for (const folder of ['node_modules/x', 'dist', 'data', 'web/node_modules', '__pycache__', '.git'])
    write(`${folder}/a.js`, 'a')
  write('picture.png', Buffer.from([0x89, 0, 1]))
  write('large.txt', 'x'.repeat(2 * 1024 ** 2 + 1))
  write('here.md', 'x')
  symlinkSync(join(root, 'here.md'), join(root, 'there.md'))
  expect((await textFiles(root)).map(({ path }) => path)).toEqual(['here.md'])
})

test('a folder that is not there, or has nothing, is an error', async () => {
  await expect(textFiles(join(root, 'gone'))).rejects.toThrow('ENOENT')
  await expect(textFiles(root)).rejects.toThrow('has no files')
})
