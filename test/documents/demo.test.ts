// `g6 demo --document FILE`: one command from a document to its board, whatever the age of the file.
import { copyFile, mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endAll, g6 } from '../support/g6.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-demo-document-'))
})
afterEach(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

test('g6 demo --document shows the board of a document, also of an old one', async () => {
  const file = join(folder, 'health.json')
  await copyFile(new URL('../fixtures/documents/elasticsearch-cluster-health.json', import.meta.url), file)
  const weekAgo = Date.now() / 1000 - 7 * 86_400
  await utimes(file, weekAgo, weekAgo)
  const demo = g6(['demo', '--no-rich', '--port', '0', '--document', file])
  await demo.until(/^failing: orders-v3: red; status: yellow/m)
  const { out } = demo.output()
  expect(out).toContain('the board of a document')
  expect(out).toMatch(/^orders-v3 +red !!/m)
  expect(out).not.toContain('stale')
  const url = await demo.url()
  const health = (await (await fetch(`${url}/summary/health`)).json()) as Record<string, unknown>
  expect(health).toMatchObject({
    verdict: { word: 'failing' },
    automatic: { shown: expect.any(Number), hidden: 0 },
  })
  demo.signal('SIGTERM')
  expect(await demo.exit).toBe(0)
})
