// Each example as a process of its own, followed by what the package ships: the client, the Python client, the dashboard, the page.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../client/index.js'
import { OPTION_NAMES } from '../../src/library/options.js'
import { launchChromium } from '../support/chromium.js'
import { endAll, g6 } from '../support/g6.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLES = readdirSync(`${ROOT}examples`).filter(name => name.endsWith('.mjs'))
const children: ChildProcess[] = []
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await endAll()
})

function run(command: string, args: readonly string[], env = {}): ChildProcess {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: [...stdio] })
  children.push(child)
  return child
}

/** Resolves with the match once the process has printed one. */
async function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let out = ''
  for await (const text of child.stdout ?? []) {
    out += String(text)
    const match = pattern.exec(out)
    if (match !== null) return match
  }
  throw new Error(`it ended without saying ${pattern}: ${out}`)
}

async function started(name: string): Promise<{ child: ChildProcess; url: string }> {
  const child = run(process.execPath, [`examples/${name}`], { PORT: '0' })
  const [, port] = await printed(child, /listening on port (\d+)/)
  return { child, url: `http://localhost:${port}${name === 'node-http.mjs' ? '' : '/live'}` }
}

function followed(url: string): Connection {
  const connection = connect(url, { token: 'secret' })
  open.push(connection)
  return connection
}

describe.each(EXAMPLES)('%s', name => {
  test('is followed by the client, and ends in order', async () => {
    const { child, url } = await started(name)
    const client = followed(url)
    const bye = new Promise(resolve => client.on('state', state => state === 'stale' && resolve(state)))
    let changes = 0
    for await (const change of client) {
      expect(Object.keys(change.panels)).not.toEqual([])
      changes++
      if (changes === 3) break
    }
    expect(client.counts).toMatchObject({ mismatches: 0, malformed: 0, reconnects: 0 })
    child.kill('SIGTERM')
    await bye
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

test('the Python client follows the board', async () => {
  const { url } = await started('node-http.mjs')
  const client = run('python3', ['-m', 'g6_stream', url, '--json'], { PYTHONPATH: `${ROOT}clients/python` })
  const [line] = await printed(client, /^\{.*"type": ?"panel_update".*$/m)
  expect(JSON.parse(line)).toMatchObject({ panels: { sum: { title: 'Sum' } } })
})

test('g6 dashboard shows the board', async () => {
  const { url } = await started('node-http.mjs')
  const dashboard = g6(['dashboard', url, '--no-rich', '--cycles', '1'])
  expect(await dashboard.exit).toBe(0)
  expect(dashboard.output().out).toMatch(/\[Queue\]\njob +state\nmail +running/)
})

test('the page shows the board of its server', async () => {
  const { url } = await started('node-http.mjs')
  const browser = await launchChromium()
  open.push(browser)
  const page = await (await browser.newContext()).newPage()
  const faults: string[] = []
  page.on('pageerror', error => faults.push(String(error)))
  page.on('console', message => message.type() === 'error' && faults.push(message.text()))
  await page.goto(url)
  await page.locator('[data-panel="queue"]').filter({ hasText: 'late' }).waitFor()
  await page.locator('.overall[data-verdict="attention"]').waitFor()
  await page.locator('.facts div', { hasText: 'Connection' }).filter({ hasText: 'live' }).waitFor()
  expect(faults).toEqual([])
}, 300_000)

test('docs/library.md names every option, and counts the lines of the compared files', () => {
  const doc = readFileSync(`${ROOT}docs/library.md`, 'utf8')
  for (const name of OPTION_NAMES) expect(doc, name).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'))
  const lines = ['g6-stream', 'better-sse', 'graphql-sse'].map(
    name => readFileSync(`${ROOT}test/library/compare/${name}.mjs`, 'utf8').match(/.+/g)?.length,
  )
  expect(doc).toContain(`| lines for that job, without blank ones | ${lines.join(' | ')} |`)
})

test('the examples in docs/library.md are these files', () => {
  const doc = readFileSync(`${ROOT}docs/library.md`, 'utf8')
  for (const name of EXAMPLES) {
    expect(doc, name).toContain(`\`\`\`js\n${readFileSync(`${ROOT}examples/${name}`, 'utf8')}\`\`\`\n`)
  }
})
