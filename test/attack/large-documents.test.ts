// Large and hostile documents, all legal: none holds the event loop of the real program for long, and everybody gets the right thing.
// What holds the loop is measured as processor time of the main thread (tools/bench/held), so that a busy machine does not count;
// one of several changes must be within the limit, because of the garbage collector.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { median } from '../../bench/stats.js'
import { createDocumentReader } from '../../src/sources/large-documents.js'
import { documentText, LARGE_DOCUMENTS, withNaN } from '../../tools/bench/held/documents.js'
import { readers, shown } from '../../tools/bench/held/run.js'
import { type ProbedServer, startProbedServer } from '../../tools/bench/held/server.js'
import { follow } from '../support/followed.js'

const LIMIT_MS = 50
const CHANGES = 3
/** What parsing the yardstick takes where nothing else runs: a processor that is shared takes longer for the same work. */
const YARDSTICK_MS = 8
const YARDSTICK = JSON.stringify(
  Array.from({ length: 20_000 }, (_, i) => ({ id: i, name: `number ${i}`, values: [i, i / 3] })),
)

/** How much slower than alone this machine is right now, at least 1. */
function slowness(): number {
  const each = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    JSON.parse(YARDSTICK)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.max(1, median(each) / YARDSTICK_MS)
}
const built = (file: string): string => fileURLToPath(new URL(`../../dist/program/${file}`, import.meta.url))
const CLI = built('g6.js')
const THREAD = built('sources-document-thread.js')

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function served(): Promise<ProbedServer> {
  const server = await startProbedServer(CLI)
  closers.push(() => server.close())
  // Its code is compiled and its readers are there.
  for (let n = 1; n <= 5; n++) {
    server.write(documentText({ indices: ['NIFTY'] }, n))
    await shown(server.url, n)
  }
  return server
}

/**
 * The least time for which the loop did not turn, of changes of one number in a document that is there; less on a slow machine.
 * It stops at the first one that is within the limit: each document costs seconds of a processor.
 */
async function leastHeldMs(
  server: ProbedServer,
  textOf: (n: number) => string,
  from: number,
): Promise<number> {
  server.write(textOf(from))
  await shown(server.url, from)
  let leastMs = Number.POSITIVE_INFINITY
  for (let n = from + 1; n <= from + CHANGES && leastMs >= LIMIT_MS; n++) {
    await server.held()
    server.write(textOf(n))
    await shown(server.url, n)
    leastMs = Math.min(leastMs, (await server.held()).busyMs / slowness())
  }
  return leastMs
}

/** One of each kind: keys, rows, names that are hard to measure, lists, texts, depth. */
const KINDS = [
  'many keys, one level down',
  'many indices',
  'names of combining marks',
  'names of conjuncts',
  'state words of every kind',
  'many alerts',
  'a deep tree',
  'ordinary, and 8 MB of something else',
]

// With readers all is done that is done without them, and more.
test('no document holds the loop, with a reader of each kind', { timeout: 300_000 }, async () => {
  const server = await served()
  closers.push(await readers(server.url, 1))
  const held: Record<string, number> = {}
  for (const [i, name] of KINDS.entries()) {
    const document = LARGE_DOCUMENTS[name]?.()
    if (document === undefined) throw new Error(`there is no document "${name}"`)
    const textOf = (n: number) => documentText(document, n)
    held[name] = await leastHeldMs(server, i % 2 === 0 ? textOf : n => withNaN(textOf(n)), 100 * (i + 1))
  }
  const over = Object.entries(held).filter(([, ms]) => ms >= LIMIT_MS)
  expect(over).toEqual([])
})

test('a follower has the whole document, however large, and each change as a difference', {
  timeout: 120_000,
}, async () => {
  const server = await served()
  const followed = follow(`${server.url}/events`)
  closers.push(() => followed.close())
  const document = LARGE_DOCUMENTS['ordinary, and 8 MB of something else']?.() ?? {}
  for (let n = 100; n < 103; n++) {
    server.write(documentText(document, n))
    await followed.until(() => followed.ingestor.state.baseline?.cycle === n)
  }
  const { baseline, panelDiffApplied, panelDiffDropped } = followed.ingestor.state
  expect(baseline).toEqual({ cycle: 102, ...document })
  expect(panelDiffApplied).toBeGreaterThanOrEqual(1)
  expect(panelDiffDropped).toBe(0)
})

describe('the thread that reads large documents', () => {
  const large = Buffer.from(documentText({ filler: 'x'.repeat(400_000) }, 1))

  test('starts again after it has ended, and the document that it was reading is an error', async () => {
    expect(existsSync(THREAD)).toBe(true)
    const documents = createDocumentReader({ zone: () => null, wantsPatch: () => false, threadFile: THREAD })
    closers.push(() => documents.close())
    const first = await documents.read(Buffer.from(large))
    expect(first).toMatchObject({ ok: true, status: { cycle: 1 } })
    const lost = documents.read(Buffer.from(large))
    await documents.close()
    expect(await lost).toMatchObject({ ok: false, error: 'io' })
    expect(await documents.read(Buffer.from(large))).toMatchObject({ ok: true })
  })

  test('is ended when it does not answer in time', async () => {
    const options = { zone: () => null, wantsPatch: () => false, threadFile: THREAD, answerMs: 1 }
    const documents = createDocumentReader(options)
    closers.push(() => documents.close())
    expect(await documents.read(Buffer.from(large))).toMatchObject({
      ok: false,
      error: 'timeout',
      message: 'it could not be parsed within 1 ms',
    })
  })

  test('is not used for small documents: they are read at once', () => {
    const options = { zone: () => null, wantsPatch: () => false, threadFile: THREAD }
    expect(createDocumentReader(options).read(Buffer.from('{"a":1}'))).toEqual({
      ok: true,
      status: { a: 1 },
      warnings: [],
    })
  })
})
