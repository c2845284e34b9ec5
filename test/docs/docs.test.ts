// Everything the docs name must exist: commands, settings, metrics, links, alerts and addresses.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { historicalLines } from '../../src/config/historical-lines.js'
import { isPlatformName } from '../../src/config/known-names.js'
import { RETIRED } from '../../src/config/retired.js'
import { SETTINGS } from '../../src/config/settings.js'
import { metricNames } from '../../src/metrics/declared.js'
import { referencePages } from '../../tools/reference-pages.js'
import { endAll, g6 } from '../support/g6.js'
import { callsIn, problemOf, readHelp } from './command-line.js'
import { allPages, anchorOf, pageOf } from './pages.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STATUS = 'test/fixtures/status-full.json'
const PAGES = allPages(ROOT)
const WRITTEN = PAGES.filter(({ path }) => !path.startsWith('docs/reference/'))
const rules = readdirSync(join(ROOT, 'deploy/prometheus'))
  .filter(name => name.endsWith('.yml') && !name.endsWith('.test.yml'))
  .map(name => readFileSync(join(ROOT, 'deploy/prometheus', name), 'utf8'))
  .join('\n')

afterEach(endAll)

/** Whether the target is missing: no such file, or no heading for the anchor. */
function broken(from: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return false
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : join(dirname(from), file)
  if (!existsSync(join(ROOT, path))) return true
  if (anchor === undefined) return false
  return !PAGES.some(page => page.path === path && page.headings.map(anchorOf).includes(anchor))
}

describe('every page', () => {
  test('has links and anchors that lead somewhere', () => {
    const lost = PAGES.flatMap(({ path, links }) =>
      links.filter(target => broken(path, target)).map(target => `${path}: ${target}`),
    )
    expect(lost).toEqual([])
  })

  test('prints g6 commands that the program understands', { timeout: 120_000 }, async () => {
    const calls = WRITTEN.flatMap(({ path, blocks, spans }) =>
      [...blocks.flatMap(({ lines }) => lines), ...spans].flatMap(callsIn).map(words => ({ path, words })),
    )
    expect(calls.length).toBeGreaterThan(60)
    const wrong: string[] = []
    // Four at a time: each help is a process, most of whose time goes into its start.
    const queue = [...calls]
    const asking = Array.from({ length: 4 }, async () => {
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
        const { path, words } = call
        const problem = await problemOf(words)
        if (problem !== null) wrong.push(`${path}: g6 ${words.join(' ')}: ${problem}`)
      }
    })
    await Promise.all(asking)
    expect(wrong).toEqual([])
  })

  test('names settings that exist, and retired ones only on pages about the past', () => {
    const retired = new Set(RETIRED.map(({ name }) => name))
    const tellsOfThePast = ['CHANGELOG.md', 'docs/DEPRECATIONS.md', 'docs/migration.md']
    const names = SETTINGS.map(({ name }) => name)
    const known = (name: string, path: string): boolean => {
      if (retired.has(name)) return tellsOfThePast.includes(path)
      // `G6_CHAT_*`, `G6_PANEL_W_<NAME>` and the bare prefix stand for many.
      return name.endsWith('_') ? names.some(each => each.startsWith(name)) : isPlatformName(name)
    }
    const stray = PAGES.flatMap(({ path, text }) =>
      [...text.matchAll(/\bG6_[A-Z0-9_]*/g)].map(([name]) => ({ path, name })),
    ).filter(({ path, name }) => !known(name, path))
    expect(stray).toEqual([])
  })

  test('names metrics that exist, or that a rule records', () => {
    const recorded = [...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name ?? '')
    const known = [...metricNames(), ...recorded]
    const stray = PAGES.flatMap(({ path, text }) => {
      const isPast = historicalLines(text)
      const live = text.split('\n').filter((_, i) => isPast[i] !== true)
      return [...live.join('\n').matchAll(/\bg6_[a-z0-9_]*/g)].map(([name]) => ({ path, name }))
    }).filter(({ name }) => {
      if (name === 'g6_stream') return false // The Python client.
      const base = name.replace(/_(bucket|sum|count)$/, '')
      return name.endsWith('_') ? !known.some(each => each.startsWith(name)) : !known.includes(base)
    })
    expect(stray).toEqual([])
  })

  test('names addresses that the server has', async () => {
    // With everything on, so that every route is there.
    const server = g6(['serve', '--port', '0', '--no-write-panels', '--status-file', STATUS], {
      ENABLE_SSE_STREAMING: '1',
      ENABLE_AUDIT_TRAIL: '0',
      RAG_BACKEND_URL: 'http://127.0.0.1:9',
      G6_RELAY_UPSTREAM: 'http://127.0.0.1:9',
      G6_RELAY_ROUTES: JSON.stringify([
        {
          path: '/api/chat',
          upstream: 'http://127.0.0.1:9/',
          stream_id: 'body.id',
          owner: ['cookie:session'],
        },
      ]),
    })
    const url = await server.url()
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, unknown>
    }
    const known = Object.keys(paths).map(
      path => new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    )
    const answers = new Map<string, boolean>()
    const exists = async (path: string): Promise<boolean> => {
      // The base of a client's URLs.
      if (Object.keys(paths).some(each => each.startsWith(`${path}/`))) return true
      if (known.some(pattern => pattern.test(path))) return true
      const asked = answers.get(path) ?? (await fetch(url + path)).status !== 404
      answers.set(path, asked)
      return asked
    }
    const named = WRITTEN.flatMap(({ path, blocks, spans }) => [
      ...[...blocks.flatMap(({ lines }) => lines), ...spans]
        .flatMap(text => [...text.matchAll(/(?:localhost|127\.0\.0\.1|\/host|\/origin):\d+(\/[\w./-]*\w)/g)])
        // Examples of the library serve the board under this prefix.
        .map(([, address = '']) => ({ path, address: address.replace(/^\/live(?=\/summary\/)/, '') })),
      ...spans.flatMap(span => {
        const address =
          /^(?:(?:GET|POST|DELETE) )?(\/(?:summary|events|metrics|livez|readyz|schemas|openapi|client|chat|api)[\w./-]*)/.exec(
            span,
          )?.[1]
        // `/schemas` covers what is under it.
        return address === undefined || address === '/schemas' ? [] : [{ path, address }]
      }),
    ])
    expect(named.length).toBeGreaterThan(60)
    const lost: object[] = []
    for (const each of named) if (!(await exists(each.address))) lost.push(each)
    expect(lost).toEqual([])
  })

  test('of docs/reference are exactly the generated ones', async () => {
    expect(readdirSync(join(ROOT, 'docs/reference')).sort()).toEqual(
      [...(await referencePages()).keys()].sort(),
    )
  })

  test('of the HTTP reference names every route of the server', async () => {
    const server = g6(['serve', '--port', '0', '--no-write-panels', '--status-file', STATUS])
    const answer = await fetch(`${await server.url()}/openapi.json`)
    const { paths } = (await answer.json()) as { paths: Record<string, unknown> }
    const page = (await referencePages()).get('http.md') ?? ''
    expect(Object.keys(paths).filter(path => !page.includes(` ${path}\``))).toEqual([])
  })
})

describe('docs/operations.md', () => {
  test('has a runbook for every alert, where the alert says it is', () => {
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? '')
    expect(alerts.length).toBeGreaterThan(3)
    const headings = PAGES.find(({ path }) => path === 'docs/operations.md')?.headings ?? []
    expect(alerts.filter(name => !headings.includes(name))).toEqual([])
    const places = [...rules.matchAll(/runbook_url: (\S+)/g)].map(([, place]) => place ?? '')
    expect(places.filter(place => broken('README.md', place))).toEqual([])
  })
})

describe('the helpers of this test', () => {
  test('tell code, links and headings apart', () => {
    const page = pageOf('a.md', '# A b!\n`g6 x \\| y` [l](b.md#c) `[no](z)`\n```sh run\n# no\ng6 q\n```')
    expect(page).toMatchObject({
      headings: ['A b!'],
      spans: ['g6 x | y', '[no](z)'],
      links: ['b.md#c'],
      blocks: [{ info: 'sh run', lines: ['# no', 'g6 q'] }],
    })
    expect(anchorOf('A b!')).toBe('a-b')
  })

  test('find g6 in a line of shell, and options it does not take', async () => {
    expect(callsIn('A=1 B="2" g6 serve --port 0 && curl x | g6 config # g6 no')).toEqual([
      ['serve', '--port', '0'],
      ['config'],
    ])
    expect(
      readHelp('Usage: g6 a [options] [source]\n\nOptions:\n  -n, --lines <n>  x\n').flags.get('-n'),
    ).toBe(true)
    expect(await problemOf(['serve', '--nope'])).toBe('g6 serve has no --nope')
    expect(await problemOf(['config', 'chek'])).toBe('g6 config does not take chek')
    expect(await problemOf(['dashboard', 'http://host:9329', '--refresh', '1'])).toBeNull()
  })
})
