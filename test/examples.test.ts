// Runs the examples unchanged against a real server.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BoardServer, startBoardServer } from './support/board-server.js'
import { textPanel } from './support/boards.js'

const run = promisify(execFile)
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

let server: BoardServer
beforeEach(async () => {
  server = await startBoardServer('e1', {}, { sseApiToken: 'secret', sseAllowOrigin: ['*'] })
  server.publish([
    textPanel('alerts', 'total: 1', '05:10 critical SENSEX stale'),
    textPanel('cycle', 'cycle: 1'),
  ])
})
afterEach(() => server.close())

const env = { ...process.env, G6_SSE_API_TOKEN: 'secret' }

describe('for Python', () => {
  test('follow.py prints the board', async () => {
    const { stdout } = await run('python3', [at('clients/python/examples/follow.py'), server.url, '1'], {
      env,
    })
    expect(stdout).toBe('1 [ALERTS]\ntotal: 1\n05:10 critical SENSEX stale\n\n1 [CYCLE]\ncycle: 1\n\n')
  })

  test('watch_alerts.py prints new alerts only', async () => {
    const { stdout } = await run(
      'python3',
      [at('clients/python/examples/watch_alerts.py'), server.url, '1'],
      { env },
    )
    expect(stdout).toBe('# live\ntotal: 1\n05:10 critical SENSEX stale\n# closed\n')
  })

  test('python -m g6_stream URL --json prints a line a change', async () => {
    const args = ['-m', 'g6_stream', server.url, '--json', '--changes', '1']
    const { stdout } = await run('python3', args, { env, cwd: at('clients/python') })
    const { hash } = server.board.panels.get('cycle') ?? {}
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'full_snapshot',
      cycle: 1,
      generation: 1,
      panels: { cycle: { title: 'CYCLE', tone: 'ok', lines: ['cycle: 1'], hash } },
    })
  })

  test('events.py prints any event stream, and ends when it is refused', async () => {
    const script = at('clients/python/examples/events.py')
    const { stdout } = await run('python3', [script, `${server.url}/summary/events`, '2'], { env })
    expect(stdout).toMatch(/^hello : '\{"schema_version".*'\nfull_snapshot e1-1: '\{.*'\n$/)
    const wrong = run('python3', [script, `${server.url}/summary/events`], {
      env: { ...env, G6_SSE_API_TOKEN: 'wrong' },
    })
    await expect(wrong).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^# HTTP 401: .+\n$/),
    })
  })

  test('the example of docs/clients.md runs', async () => {
    const [, example = ''] =
      /### In Python[\s\S]*?```python\n([\s\S]*?)```/.exec(readFileSync(at('docs/clients.md'), 'utf8')) ?? []
    const script = example.replace('http://localhost:9329', server.url)
    const { stdout } = await run('python3', ['-c', script], { env, cwd: at('clients/python') })
    expect(stdout).toBe('hello \nfull_snapshot e1-1\n')
  })

  test('its own tests pass', async () => {
    const { stderr } = await run('python3', ['-m', 'unittest', 'discover', '-s', at('clients/python/tests')])
    expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK/)
  })
})

describe('for Node', () => {
  test('follow.mjs prints the board', async () => {
    const { stdout } = await run(process.execPath, [at('web/examples/follow.mjs'), server.url, '1'], { env })
    expect(stdout).toContain('1 [ALERTS]\ntotal: 1\n')
  })
})

describe('for a page', () => {
  /** The parts of a document that the page uses. */
  class Element {
    textContent = ''
    readonly dataset: Record<string, string> = {}
    children: Element[] = []
    parent: Element | null = null
    constructor(readonly name: string) {}
    append(...children: Element[]): void {
      for (const child of children) child.parent = this
      this.children.push(...children)
    }
    replaceWith(other: Element): void {
      const { parent } = this
      if (parent === null) throw new Error('not in the document')
      parent.children = parent.children.map(child => (child === this ? other : child))
      other.parent = parent
    }
    remove(): void {
      if (this.parent !== null) this.parent.children = this.parent.children.filter(child => child !== this)
    }
    get text(): string {
      return this.textContent + this.children.map(child => child.text).join('|')
    }
  }

  test('the script of board.html draws the board and follows it', async () => {
    const [, script = ''] =
      /<script type="module">([\s\S]*)<\/script>/.exec(readFileSync(at('web/examples/board.html'), 'utf8')) ??
      []
    const page = {
      body: new Element('body'),
      state: new Element('h1'),
      drawn: new Promise<void>(() => {}),
    }
    let wake = (): void => {}
    const document = {
      body: page.body,
      getElementById: () => page.state,
      createElement: (name: string) => new Element(name),
    }
    // The page imports the client from its server; Node's module loader takes it from the build.
    const inNode = script.replace("import(new URL('client.js', server))", 'load()')
    const { connect } = (await import('../client/index.js')) as { connect: (...args: unknown[]) => unknown }
    let connection: { close(): void; on(event: string, listener: () => void): void } | null = null
    const load = () => ({
      connect: (...args: unknown[]) => {
        connection = connect(...args) as typeof connection
        connection?.on('update', () => setImmediate(() => wake()))
        return connection
      },
    })
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor
    const storage = { getItem: () => 'secret' }
    const location = { search: `?server=${encodeURIComponent(server.url)}`, origin: 'http://page' }
    const running = new AsyncFunction('document', 'location', 'sessionStorage', 'load', inNode)(
      document,
      location,
      storage,
      load,
    ) as Promise<void>
    const until = async (text: string): Promise<void> => {
      while (!page.body.text.includes(text)) await new Promise<void>(resolve => (wake = resolve))
    }
    await until('cycle: 1')
    expect(page.state.textContent).toBe('live')
    server.publish([textPanel('cycle', 'cycle: 2')])
    await until('cycle: 2')
    expect(page.body.children.map(child => child.text)).toEqual(['CYCLE|cycle: 2'])
    ;(connection as { close(): void } | null)?.close()
    await running
  })
})
