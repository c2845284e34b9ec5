// `g6 board`, and boards of files on the surfaces of a real program. The five boards are those of examples/boards.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'
import { SummaryClient } from '../support/summary-client.js'

const documentOf = (name: string): string => `test/fixtures/documents/${name}.json`
const boardOf = (name: string): string => `examples/boards/${name}.board.toml`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-boards-'))
})
afterEach(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

async function output(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = g6(args, env)
  const code = await run.exit
  return { code, ...run.output() }
}

const FIVE = [
  ['elasticsearch', 'elasticsearch-cluster-health'],
  ['kafka-connect', 'kafka-connect-status'],
  ['pods', 'kubectl-get-pods-small'],
  ['rabbitmq', 'rabbitmq-overview'],
  ['statuspage', 'statuspage-summary'],
] as const

describe('g6 board check', () => {
  test('finds nothing wrong with the five boards, and runs none of their commands', async () => {
    const runs = await Promise.all(
      FIVE.map(([board, document]) =>
        output(['board', 'check', boardOf(board), '--document', documentOf(document)]),
      ),
    )
    expect(runs.map(({ code, err }) => [code, err])).toEqual(FIVE.map(() => [0, '']))
    expect(runs[2]?.out).toContain('runs a command: kubectl get pods -A -o json\n')
  })

  test('names every mistake with its line, also as JSON, and exits with 1', async () => {
    const file = join(folder, 'b.toml')
    await writeFile(file, '[[panel]]\ntitle = "P"\nfeilds = []\n\n[source]\nhttp = "http://h"\nevery = "5"\n')
    const { code, out } = await output(['board', 'check', file])
    expect(code).toBe(1)
    expect(out.split('\n').slice(0, -1)).toEqual([
      `${file}:3:1: feilds is no member of a panel; did you mean fields?`,
      `${file}: 1 mistake; it cannot be used`,
    ])
    await writeFile(file, '[source]\nhttp = "http://h"\nevery = "5"\n')
    const json = JSON.parse((await output(['board', 'check', file, '--json'])).out)
    expect(json).toMatchObject({
      ok: false,
      findings: [{ line: 3, column: 1, message: expect.stringContaining('500ms') }],
    })
    expect(await output(['board', 'check', join(folder, 'none.toml')])).toMatchObject({
      code: 1,
      out: expect.stringContaining('it cannot be read (ENOENT)'),
    })
    expect((await output(['board', 'check', documentOf('none').replace('.json', '.yaml')])).out).toContain(
      '.toml or .json',
    )
  })
})

describe('g6 board preview', () => {
  test('shows the five boards with their verdicts', async () => {
    const runs = await Promise.all(
      FIVE.map(([board, document]) =>
        output(['board', 'preview', boardOf(board), '--json', '--document', documentOf(document)]),
      ),
    )
    const shown = runs.map(({ out }) => JSON.parse(out))
    const lines = shown.map(({ panels }) =>
      Object.values<{ readonly lines: readonly string[] }>(panels).flatMap(panel => panel.lines),
    )
    expect(shown.map(({ verdict }) => verdict.word)).toEqual([
      'attention',
      'failing',
      'failing',
      'attention',
      'failing',
    ])
    expect(lines[0]).toEqual(
      expect.arrayContaining([
        'status: yellow !',
        'active shards: 97.58 % !',
        'oldest task: 1.25 s',
        'moving: 3',
      ]),
    )
    expect(lines[0]?.some(line => line.startsWith('orders-v3        red !!'))).toBe(true)
    expect(lines[0]?.some(line => line.startsWith('logs-2026.11.28'))).toBe(false)
    expect(lines[1]).toEqual(expect.arrayContaining(['state: RUNNING', 'failed tasks: 1 !!']))
    expect(
      lines[1]?.some(line =>
        line.endsWith('ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.'),
      ),
    ).toBe(true)
    expect(lines[2]).toEqual(expect.arrayContaining(['pods: 8', 'not running: 1 !', 'restarts: 25']))
    expect(lines[2]?.filter(line => line.includes('CrashLoopBackOff'))).toHaveLength(1)
    expect(lines[3]).toEqual(
      expect.arrayContaining(['ready: 11990 !', 'in: 312.4 /s', 'unroutable: 3 !', 'consumers: 88']),
    )
    expect(lines[3]?.some(line => line.includes('5672'))).toBe(false)
    expect(lines[4]?.some(line => line.startsWith('API Requests    major_outage !!'))).toBe(true)
    expect(Object.keys(shown[4].panels)).toContain('alerts')
  })

  test('shows of a board of several sources what its documents give', async () => {
    const both = join(folder, 'both.json')
    const pods = JSON.parse(await readFile(documentOf('kubectl-get-pods-small'), 'utf8'))
    await writeFile(both, JSON.stringify({ pods, use: [{ pod: 'web-5-7c9f8d6b5-09aab', cpu: '12m' }] }))
    const { out } = await output(['board', 'preview', boardOf('pods'), '--document', both])
    expect(out).toMatch(/web-5-7c9f8d6b5-09aab .* 12m +node-5/)
    expect(out).not.toContain('not joined')
  })
})

describe('g6 board init', () => {
  test('writes a file that can be checked and previewed, and overwrites none', async () => {
    const [file, document] = [join(folder, 'k.toml'), documentOf('kafka-connect-status')]
    expect(await output(['board', 'init', document, '--out', file])).toMatchObject({ code: 0, out: '' })
    const [check, again] = await Promise.all([
      output(['board', 'check', file, '--document', document]),
      output(['board', 'init', document, '--out', file]),
    ])
    expect([check.code, check.out]).toEqual([0, expect.stringContaining('no mistakes')])
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('EEXIST')])
    expect(again.err).toContain('remove it, or name another file with --out')
  })
})

describe('a program with a board file', () => {
  const PANEL = (title: string, from: string) =>
    `[[panel]]\ntitle = "${title}"\nfields = [ { from = "${from}", warn = "> 1" } ]\n`

  test('serves it, and SIGHUP reads it again; one with mistakes changes nothing', async () => {
    const [status, board] = [join(folder, 'status.json'), join(folder, 'b.toml')]
    await writeFile(status, '{"a": 2, "b": 1, "c": 3}')
    await writeFile(board, `${PANEL('One', 'a')}[auto]\nhide = ["c"]\n[source]\nfile = "${status}"\n`)
    const server = g6(['serve', '--port', '0', '--board', board, '--no-write-panels'], {
      G6_LOG_FORMAT: 'json',
    })
    const url = await server.url()
    const client = new SummaryClient(`${url}/summary/events`)
    const full = await client.event('full_snapshot')
    const panels = (): Readonly<Record<string, readonly string[]>> =>
      Object.fromEntries([...client.reader.panels].map(([key, { lines }]) => [key, lines]))
    expect(panels()).toMatchObject({ one: ['a: 2 !'], document: ['b: 1'] })
    expect(JSON.stringify(full)).toContain('attention')
    expect((await fetch(`${url}/summary/resync?panels=one`)).status).toBe(200)
    expect(await (await fetch(`${url}/schemas/board.json`)).json()).toMatchObject({
      title: 'board',
      type: 'object',
    })

    await writeFile(board, 'titel = "x"\n')
    server.signal('SIGHUP')
    await server.until(/the board file cannot be used; the old board stays/)
    expect(server.output().err).toContain(
      `${board}:1:1: titel is no member of a board file; did you mean title?`,
    )
    expect(panels()).toMatchObject({ one: ['a: 2 !'] })

    await writeFile(board, `${PANEL('Two', 'b')}[auto]\noff = true\n[source]\nfile = "${status}"\n`)
    server.signal('SIGHUP')
    await eventually(() => panels().two?.[0] === 'b: 1', 'the new board')
    expect(Object.keys(panels())).not.toContain('one')
    client.close()
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
  })

  test('does not start with mistakes, and runs commands of a file only where it is allowed', async () => {
    const board = join(folder, 'b.toml')
    await writeFile(board, 'titel = "x"\n')
    const { code, err } = await output(['serve', '--port', '0', '--board', board])
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('b.toml:1:1: titel is no member of a board file; did you mean title?'),
    ])
    const made = join(folder, 'made')
    await writeFile(board, `${PANEL('One', 'a')}[source]\nexec = ["touch", "${made}"]\n`)
    await chmod(board, 0o600)
    const refused = await output(['snapshot', '--board', board])
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('G6_ALLOW_EXEC=1')])
    await chmod(board, 0o666)
    const written = await output(['snapshot', '--board', board], { G6_ALLOW_EXEC: '1' })
    expect([written.code, written.err]).toEqual([1, expect.stringContaining('chmod go-w')])
    await expect(readFile(made)).rejects.toThrow('ENOENT')
  })

  test('shows a large document with the same board, from the thread that reads it', async () => {
    const [status, board] = [join(folder, 'large.json'), join(folder, 'b.toml')]
    const rows = Array.from({ length: 6_000 }, (_, i) => ({
      name: `n${i}`,
      state: i === 4_321 ? 'failed' : 'ok',
      note: 'x'.repeat(60),
    }))
    await writeFile(status, JSON.stringify({ rows }))
    await writeFile(
      board,
      '[[panel]]\ntitle = "Rows"\nrows = "rows"\nlimit = 2\ncolumns = [ { from = "name" }, { from = "state" } ]\n',
    )
    const { out } = await output(['snapshot', '--board', board, '--source', status, '--json'])
    expect(JSON.parse(out).panels.rows.lines).toEqual([
      'name   state',
      'n4321  failed !!',
      'n0     ok',
      '5998 more rows not shown',
    ])
  })
})
