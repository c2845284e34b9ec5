// Several named sources form one document: two real servers and a file, of which one goes away.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/app/load-settings.js'
import { Program } from '../../src/app/program.js'
import { sourceOf, sourceOfSpecs } from '../../src/app/source.js'
import { silentLog } from '../../src/log/log.js'
import { HTTP_DEFAULTS, type SourceSpec } from '../../src/sources/declared.js'
import { createFileSource } from '../../src/sources/file.js'
import { createHttpSource } from '../../src/sources/http.js'
import { NamedSources } from '../../src/sources/named.js'
import { documentServer } from '../support/document-server.js'
import { eventually } from '../support/eventually.js'
import { Readings } from '../support/readings.js'

const cleaning: (() => unknown)[] = []
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-named-'))
})
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
  rmSync(folder, { recursive: true })
})

const http = (url: string) =>
  createHttpSource(
    { kind: 'http', method: 'GET', ...HTTP_DEFAULTS, url, everyMs: 1 },
    { maxBytes: 1_000_000, userAgent: 'g6-stream/test' },
  )

function fileWith(name: string, value: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value))
  return path
}

async function serverOf(value: unknown) {
  const server = await documentServer((_, response) => response.end(JSON.stringify(value)))
  cleaning.push(() => server.close())
  return server
}

function programOf(source: readonly string[] | readonly SourceSpec[]): Program {
  const loaded = loadSettings({ env: { G6_UNIFIED_HTTP: '0', G6_OUTPUT_SINKS: 'terminal' }, cwd: folder })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors))
  const words = source.filter(each => typeof each === 'string')
  const specs = source.filter(each => typeof each !== 'string')
  const program = new Program({
    loaded,
    command: 'dashboard',
    source: words.length > 0 ? sourceOf(words) : parts => sourceOfSpecs(specs, parts),
    log: silentLog,
  })
  cleaning.push(() => program.stop())
  return program
}

describe('named sources', () => {
  test('are members of the document of the source without a name', async () => {
    const es = await serverOf({ status: 'green' })
    const file = createFileSource({ path: fileWith('a.json', { cycle: 3, es: 1 }), maxBytes: 1000 })
    const source = new NamedSources({
      sources: [
        { name: 'es', source: http(es.url) },
        { name: null, source: file },
      ],
      zone: () => null,
    })
    cleaning.push(() => source.close())
    const readings = new Readings(source)
    const first = await readings.good()
    expect(first.status).toEqual({ cycle: 3, es: { status: 'green' } })
    expect(first.parts?.map(({ name, fault }) => [name, fault])).toEqual([
      [file.name, null],
      ['es', null],
    ])
    // A confirmation is no new document.
    const second = await readings.good()
    expect(second.status).toBe(first.status)
    expect(second.modifiedAtMs).toBeGreaterThan(first.modifiedAtMs)
  })

  test('one that is down keeps its document and says why; when all are, so does the whole', async () => {
    const [a, b] = [await serverOf({ n: 1 }), await serverOf({ n: 2 })]
    const source = new NamedSources({
      sources: [
        { name: 'a', source: http(a.url) },
        { name: 'b', source: http(b.url) },
      ],
      zone: () => null,
    })
    cleaning.push(() => source.close())
    const readings = new Readings(source)
    expect((await readings.good()).status).toEqual({ a: { n: 1 }, b: { n: 2 } })
    await a.close()
    const down = await eventually(() => {
      const last = readings.all.at(-1)
      return last?.ok && last.parts?.[0]?.fault ? last : null
    }, 'a is down')
    expect(down.status).toEqual({ a: { n: 1 }, b: { n: 2 } })
    expect(down.parts?.[0]).toMatchObject({
      name: 'a',
      // A request on its way meets a connection that ends.
      fault: { error: 'io', message: expect.stringContaining('connection') },
    })
    expect(down.parts?.[1]).toMatchObject({ name: 'b', fault: null, everyMs: 1 })
    await b.close()
    const whole = await eventually(() => readings.all.find(each => !each.ok), 'both are down')
    expect(whole).toMatchObject({
      error: 'io',
      message: expect.stringMatching(/^a: .*connection.*; b: .*connection/),
    })
  })

  test('one that never answers delays the first reading by a bounded time', async () => {
    const [quick, slow] = [await serverOf({ n: 1 }), await documentServer(() => {})]
    cleaning.push(() => slow.close())
    const source = new NamedSources({
      sources: [
        { name: 'slow', source: http(slow.url) },
        { name: 'quick', source: http(quick.url) },
      ],
      zone: () => null,
      graceMs: 20,
    })
    cleaning.push(() => source.close())
    expect((await new Readings(source).good()).status).toEqual({ quick: { n: 1 } })
  })

  test('each has its own age: a file of a week ago is in the verdict, the others are not', async () => {
    const [old, fresh] = [fileWith('old.json', { a: 1 }), fileWith('fresh.json', { status: 'ok' })]
    const weekAgo = Date.now() / 1000 - 7 * 86_400
    utimesSync(old, weekAgo, weekAgo)
    const program = programOf([`old=${old}`, `new=${fresh}`])
    await program.start()
    const verdict = await eventually(
      () => (program.loop.latest === null ? null : program.loop.verdictNow()),
      'a board',
    )
    expect(verdict.word).toBe('failing')
    expect(verdict.reasons.join()).toMatch(/old: stale/)
    expect(verdict.reasons.join()).not.toMatch(/new: /)
  })

  test('a named document has no own large reading, and its faults have its name', async () => {
    const program = programOf([{ kind: 'file', name: 'a', path: fileWith('a.json', { n: 1e16 }) }])
    writeFileSync(join(folder, 'a.json'), '{"n": 12345678901234567891, "m": NaN}')
    await program.start()
    const latest = await eventually(() => program.loop.latest, 'a board')
    expect(latest.reading).toMatchObject({ ok: true, status: { a: { m: null } } })
    expect(latest.snapshot?.dataWarnings.join()).toMatch(/a\.n is an integer.*a\.m is NaN/)
  })
})
