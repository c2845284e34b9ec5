// The commands, as a person runs them.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endAll, g6 } from './support/g6.js'
import { SummaryClient } from './support/summary-client.js'

const FULL = 'test/fixtures/status-full.json'
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-commands-'))
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

describe('g6 demo', () => {
  test('says where to look, shows changing panels, streams, and leaves nothing behind on Ctrl+C', async () => {
    const demo = g6(['demo', '--port', '0', '--seed', '7'], { TMPDIR: folder })
    const [, url = ''] = await demo.until(/try +curl -N (http:\S+\/summary\/events)/)
    // The first address it prints is that of the page.
    const [first = ''] = /http:\S+/.exec(demo.output().out) ?? []
    const page = await fetch(first)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await page.text()).toContain('<title>G6 Stream</title>')
    await demo.until(/\[Indices\][\s\S]*\[Links\][\s\S]*\[Overview\]/)
    // Its chat answers by script, and nothing of that is written.
    const base = url.replace('/summary/events', '')
    expect(await (await fetch(`${base}/chat`)).text()).toContain('a script')
    const headers = { 'Content-Type': 'application/json' }
    const question = { method: 'POST', headers, body: '{"query":"What can this page do?"}' }
    const answer = await fetch(`${base}/api/v2/bali-zero/chat-stream`, question)
    let words = ''
    for await (const piece of answer.body ?? []) {
      words += Buffer.from(piece).toString()
      if (words.includes('"data":"**scripted ')) break
    }
    expect(words).toContain('"data":"**scripted ')
    const client = new SummaryClient(url)
    await client.event('panel_update')
    await client.event('panel_update', client.reader.events.length)
    expect(client.reader.mismatches).toEqual([])
    demo.signal('SIGINT')
    await client.event('bye')
    expect(await demo.exit).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('exits in order when it cannot write its status, and says which file', async () => {
    const file = join(folder, 'taken')
    await writeFile(file, '')
    const inFile = join(file, 'status.json')
    const args = ['demo', '--no-rich', '--port', '0', '--status-file', inFile]
    const { code, err } = await output(args, { TMPDIR: folder })
    expect(code).toBe(1)
    expect(err).toContain(`g6: the status file ${inFile} cannot be written: ENOTDIR`)
    expect(err).not.toContain('unexpected')
    expect(await readdir(folder)).toEqual(['taken'])
  })

  test('exits by itself after the given number of cycles', async () => {
    const { code, out } = await output(['demo', '--port', '0', '--cycles', '2'])
    expect(code).toBe(0)
    expect(out).toContain('[Overview]')
  })
})

describe('g6 dashboard', () => {
  const quiet = ['--no-write-panels', '--status-file', FULL]

  test('--cycles 1 prints one frame and exits: usable in a pipe', async () => {
    const { code, out, err } = await output(['dashboard', '--no-rich', '--cycles', '1', ...quiet])
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(out.match(/^\[Overview\]$/gm)).toHaveLength(1)
    expect(out).toContain('BANKNIFTY below 80%')
  })

  test('--json prints the board as one line a cycle', async () => {
    const { out } = await output(['dashboard', '--json', '--cycles', '2', '--refresh', '0.1', ...quiet])
    const boards = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(boards.map(({ cycle, generation }) => [cycle, generation])).toEqual([
      [1, 1],
      [2, 1],
    ])
    expect(boards[0].panels.alerts.lines).toContain('total: 3')
  })

  test('opens no port unless asked, and all routes with --serve', async () => {
    const alone = await output(['dashboard', '--no-rich', '--cycles', '1', '--port', '1', ...quiet])
    expect(alone.code).toBe(0)
    const served = g6(['dashboard', '--no-rich', '--serve', '--port', '0', ...quiet])
    const client = new SummaryClient(`${await served.url()}/summary/events`)
    await client.event('full_snapshot')
    client.close()
  })

  test('with a missing status says so instead of printing nothing', async () => {
    const { code, out } = await output([
      'dashboard',
      '--no-rich',
      '--cycles',
      '1',
      '--status-file',
      join(folder, 'none.json'),
      '--no-write-panels',
    ])
    expect(code).toBe(0)
    expect(out).toMatch(/^\[Status\]\nfailing: source missing.*\nmissing: there is no such file$/m)
  })
})

describe('g6 serve', () => {
  test('says that no port is open where the outputs leave out http', async () => {
    const files = ['--status-file', FULL, '--panels-dir', join(folder, 'panels')]
    const server = g6(['serve', '--port', '0', ...files], { G6_OUTPUT_SINKS: 'files' })
    await server.until(/no port is open: G6_OUTPUT_SINKS leaves out http/)
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
  })
})

describe('g6 snapshot', () => {
  test('has the fails of G6_INDICES_PANEL_LOG, and so has the only frame of a dashboard', async () => {
    const log = join(folder, 'indices.log')
    await writeFile(log, 'NIFTY TOTAL LEGS: 212 | FAILS: 37 | STATUS: OK\n')
    const frame = ['dashboard', '--no-rich', '--no-write-panels', '--cycles', '1']
    for (const command of [['snapshot'], frame]) {
      const { out } = await output([...command, '--status-file', FULL], { G6_INDICES_PANEL_LOG: log })
      expect(out).toMatch(/^NIFTY .* 37 !$/m)
    }
  })

  test('prints the same text as the dashboard, or the whole board as JSON', async () => {
    const text = await output(['snapshot', '--status-file', FULL])
    const json = await output(['snapshot', '--status-file', FULL, '--json'])
    const board = JSON.parse(json.out)
    for (const { lines } of Object.values<{ lines: string[] }>(board.panels)) {
      for (const line of lines) expect(text.out).toContain(line)
    }
  })

  test('of an unreadable status exits 1 and names file and reason', async () => {
    const path = join(folder, 'broken.json')
    await writeFile(path, '{"a":')
    const { code, out, err } = await output(['snapshot', '--status-file', path])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('broken.json cannot be read: not_json: it ends in the middle of a value')
  })
})

test('g6 simulate writes documents that g6 reads, the same for the same seed', async () => {
  const path = join(folder, 'status.json')
  const { code } = await output([
    'simulate',
    '--status-file',
    path,
    '--cycles',
    '3',
    '--refresh',
    '0.05',
    '--seed',
    '3',
  ])
  expect(code).toBe(0)
  expect(await readdir(folder)).toEqual(['status.json'])
  expect((await output(['snapshot', '--status-file', path])).out).toContain('NIFTY')
})

describe('g6', () => {
  test('lists its commands, and suggests one for a wrong one', async () => {
    const help = await output(['--help'])
    for (const name of ['demo', 'serve', 'dashboard', 'snapshot', 'simulate', 'config', 'bench', 'docs']) {
      expect(help.out).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    }
    const wrong = await output(['serv'])
    expect(wrong.code).toBe(1)
    expect(wrong.err).toContain("unknown command 'serv'")
    expect(wrong.err).toContain('serve')
  })

  test.each([
    ['an unknown command', ['nope'], "unknown command 'nope'"],
    ['an unknown option', ['serve', '--nope'], "unknown option '--nope'"],
    ['an unknown option of a subcommand', ['bench', 'compare', '--nope'], "unknown option '--nope'"],
    ['a missing argument', ['bench', 'compare'], "missing required argument 'file'"],
  ])('says for %s what is wrong and where help is', async (_, words, what) => {
    const { code, out, err } = await output(words)
    expect([code, out]).toEqual([1, ''])
    expect(err).toBe(`error: ${what}\n(g6 --help lists the commands, g6 COMMAND --help its options)\n`)
  })

  test('has fresh reference pages', async () => {
    const { code, out } = await output(['docs', '--check'])
    expect(out).toBe('all pages are fresh\n')
    expect(code).toBe(0)
  })

  test('reads a settings file, and names a wrong key in it', async () => {
    const path = join(folder, 'g6.toml')
    await writeFile(path, 'sse_max_conections = 3\n')
    const { code, out } = await output(['config', 'check', '--config', path])
    expect(code).toBe(1)
    expect(out).toContain('sse_max_conections')
    expect(out).toContain('sse_max_connections')
  })
})

test('the package file names no registry host, and neither does the lock', async () => {
  for (const file of ['package.json', 'package-lock.json']) {
    expect(await readFile(file, 'utf8')).not.toMatch(/registry\.|resolved/)
  }
})
