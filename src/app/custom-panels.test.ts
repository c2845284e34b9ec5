import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createPanelBuilder } from '../engine/panel-builder.js'
import { DEFAULT_THRESHOLDS } from '../panels/thresholds.js'
import { derive } from '../snapshot/derive.js'
import { loadPanels } from './custom-panels.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-custom-panels-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function moduleOf(text: string): string {
  files++
  const path = join(folder, `panels-${files}.mjs`)
  writeFileSync(path, text)
  return path
}

/** The lines of a panel that builds this. */
async function linesOf(built: string): Promise<readonly string[]> {
  const custom = await loadPanels(moduleOf(`export default [{ key: 'own', build: () => (${built}) }]`))
  const links = { source: 'status.json', metricsUrl: null, streamUrl: null, pageUrl: null }
  const [panel] = createPanelBuilder({ registry: [], custom }).build({
    snapshot: derive({}),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: 'UTC',
    links,
    nowMs: 0,
  })
  return panel?.lines ?? []
}

describe('a panel of the wrong shape says what is wrong', () => {
  test.each([
    ['7', 'panel failed: Invalid input: expected object, received number !!'],
    ['{ blocks: [] }', 'panel failed: title: Invalid input: expected string, received undefined !!'],
    [
      "{ title: 'T', blocks: [{ kind: 'chart' }] }",
      'panel failed: blocks.0.kind: expected an object whose kind is "text", "fields" or "table" !!',
    ],
    [
      "{ title: 'T', blocks: [{ kind: 'text', text: 'a', tone: 'secret' }, { kind: 'text', text: 1 }] }",
      'panel failed: blocks.0.tone: Invalid option: expected one of "ok"|"warn"|"error"|"info"|"muted", and 1 more !!',
    ],
  ])('%s', async (built, line) => {
    expect(await linesOf(built)).toEqual([line])
  })

  test('and one that throws shows no message of its own', async () => {
    expect(await linesOf("(() => { throw new TypeError('secret') })()")).toEqual([
      'panel failed: TypeError !!',
    ])
  })
})

describe('a module that cannot be used', () => {
  const refusal = (path: string) =>
    loadPanels(path).then(
      () => '',
      (error: Error) => error.message,
    )

  test('is named by the path of the operator, not by the place of this program', async () => {
    const path = join(folder, 'missing.mjs')
    const refused = await refusal(path)
    expect(refused).toContain(`--panels ${path} cannot be used: Cannot find module '`)
    for (const each of [refused, await refusal(folder)])
      expect(each).not.toMatch(/imported from|custom-panels\.[jt]s/)
  })

  test('names the file in which an import fails', async () => {
    const path = moduleOf("import './gone.mjs'\nexport default []")
    expect(await refusal(path)).toContain(`imported from ${path}`)
  })

  test('names the member that is wrong', async () => {
    expect(await refusal(moduleOf("export default [{ key: 'own', build: 1 }]"))).toContain(
      '0.build: allowed: a function of { status, nowMs }',
    )
  })
})
