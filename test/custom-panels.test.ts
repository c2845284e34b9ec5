// Panels of a module (`--panels`) on the surfaces of a real program, and modules that cannot be used.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endAll, g6 } from './support/g6.js'
import { SummaryClient } from './support/summary-client.js'

let folder = ''
let statusFile = ''
let module = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-custom-panels-'))
  statusFile = join(folder, 'status.json')
  module = join(folder, 'panels.mjs')
  await writeFile(statusFile, JSON.stringify({ cycle: 7, jobs: [{ job: 'a\u001b[31m', n: 2 }] }))
})
afterEach(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

const MODULE = `
export default [
  { key: 'jobs', build: ({ status, nowMs }) => ({
    title: 'Jobs',
    blocks: [
      { kind: 'fields', items: [{ label: 'recent', text: String(nowMs > 1_700_000_000_000) }] },
      { kind: 'table', columns: [{ label: 'job' }, { label: 'n', align: 'right' }],
        rows: status.jobs.map(({ job, n }) => [{ text: job }, { text: String(n), value: n, tone: 'warn' }]) },
    ],
  }) },
  { key: 'hidden', build: () => null },
  { key: 'broken', build: () => { throw new Error('no') } },
  { key: 'shapeless', build: () => ({ title: 'Shapeless' }) },
]
`
const LINES = ['recent: true', 'job  n', 'a    2 !']

async function output(args: readonly string[]) {
  const run = g6([...args, '--status-file', statusFile, '--panels', module])
  const code = await run.exit
  return { code, ...run.output() }
}

describe('the panels of a module', () => {
  test('are streamed, resynced and written to files like the others', async () => {
    await writeFile(module, MODULE)
    const panels = join(folder, 'files')
    const files = ['--status-file', statusFile, '--panels-dir', panels]
    const server = g6(['serve', '--port', '0', ...files, '--panels', module])
    const url = await server.url()
    const client = new SummaryClient(`${url}/summary/events?panels=jobs,hidden`)
    await client.event('full_snapshot')
    expect([...client.reader.panels].map(([key, { lines }]) => [key, lines])).toEqual([['jobs', LINES]])
    client.close()
    const answer = await fetch(`${url}/summary/resync?panels=jobs,broken,shapeless`)
    expect(await answer.json()).toMatchObject({
      panels: {
        jobs: { title: 'Jobs', tone: 'warn', lines: LINES },
        broken: { tone: 'error', lines: ['panel failed: Error !!'] },
        shapeless: {
          tone: 'error',
          lines: ['panel failed: blocks: Invalid input: expected array, received undefined !!'],
        },
      },
    })
    expect((await fetch(`${url}/summary/resync?panels=nobody`)).status).toBe(400)
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
    const written = JSON.parse(await readFile(join(panels, 'jobs_enveloped.json'), 'utf8'))
    expect(written).toMatchObject({ panel: 'jobs', data: { title: 'Jobs', lines: LINES } })
    expect(JSON.parse(await readFile(join(panels, 'hidden_enveloped.json'), 'utf8')).data).toBeNull()
    expect(server.output().err).toContain('a panel could not be built')
  })

  test('are in the snapshot and in the frames of a dashboard', async () => {
    await writeFile(module, MODULE)
    for (const command of [['snapshot'], ['dashboard', '--no-rich', '--no-write-panels', '--cycles', '1']]) {
      const { code, out } = await output(command)
      expect(code).toBe(0)
      for (const line of LINES) expect(out).toContain(line)
    }
  })
})

const ALLOWED = 'allowed: a JavaScript module whose default export is a list of { key, build }'

describe('a module that cannot be used is an error at start: it', () => {
  test.each([
    ['is not there', null, 'Cannot find module'],
    ['has a syntax error', 'export default [', 'Unexpected'],
    ['has no default export', 'export const panels = []', 'allowed: a list of { key, build }'],
    [
      'has a key that is no key',
      "export default [{ key: 'a b', build: () => null }]",
      '0.key: allowed: a letter',
    ],
    [
      'has the key of a built-in panel',
      "export default [{ key: 'alerts', build: () => null }]",
      '0.key: the key is taken',
    ],
    [
      'has the name of another panel file',
      "export default [{ key: 'manifest', build: () => null }]",
      '0.key: the key is taken',
    ],
    [
      'has a key twice',
      "const p = { key: 'a', build: () => null }; export default [p, p]",
      'two panels have the same key',
    ],
    ['has no build', "export default [{ key: 'a' }]", '0.build: allowed: a function of { status, nowMs }'],
  ])('%s', async (_, text, why) => {
    if (text !== null) await writeFile(module, text)
    const { code, out, err } = await output(['snapshot'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`--panels ${module} cannot be used: `)
    expect(err).toContain(why)
    expect(err).toContain(ALLOWED)
  })
})
