// Following the collector of the Python original, which restarts without saying so, over real sockets.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { followedMeta } from '../src/ingest/enrichment.js'
import { basicAuthorization } from '../src/sources/followed-server.js'
import { Collector, type CollectorOptions, type Document } from './support/collector.js'
import { eventually } from './support/eventually.js'
import { startFaultProxy } from './support/fault-proxy.js'
import { type Followed, follow } from './support/followed.js'
import { endAll, g6 } from './support/g6.js'
import { startStatusServer } from './support/status-server.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function collecting(options: CollectorOptions = {}): Promise<Collector> {
  const collector = await Collector.start(options)
  closers.push(() => collector.close())
  return collector
}

function following(url: string, options: Parameters<typeof follow>[1] = {}): Followed {
  const followed = follow(url, { initialDelayMs: 5, ...options })
  closers.push(() => followed.close())
  return followed
}

/** Every number of a status belongs to one run and one cycle, so that a mixture of two shows. */
function statusOf(run: number, cycle: number): Document {
  const tag = run * 10_000 + cycle
  return {
    run,
    cycle,
    tag,
    indices: { NIFTY: { ltp: tag, legs: { ce: tag } }, SENSEX: { ltp: tag } },
    ...(cycle % 3 === 0 ? { alerts: [tag] } : {}),
  }
}

/** Writes the next so many statuses of a run. */
function writes(collector: Collector, run: number, from: number, times: number): void {
  for (let cycle = from; cycle < from + times; cycle++) collector.write(statusOf(run, cycle))
}

const baseline = ({ ingestor }: Followed) => ingestor.state.baseline
const isAt = (followed: Followed, run: number, cycle: number) => () =>
  baseline(followed)?.tag === run * 10_000 + cycle && !followed.ingestor.state.needFull

/** The statuses on the board: each must be one of the producer's, whole. */
function showsWholeStatuses({ readings }: Followed): void {
  const shown = readings.flatMap(reading => (reading.ok ? [reading.status] : []))
  for (const status of shown) expect(status).toEqual(statusOf(Number(status.run), Number(status.cycle)))
}

describe('a collector that restarts', () => {
  test('is followed again while its ids are below the old ones', async () => {
    const collector = await collecting()
    writes(collector, 1, 1, 20)
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 20))
    collector.restart()
    writes(collector, 2, 1, 3)
    await followed.until(isAt(followed, 2, 3))
    writes(collector, 2, 4, 1)
    await followed.until(isAt(followed, 2, 4))
    showsWholeStatuses(followed)
  })

  test('is followed again when its ids have passed the old ones', async () => {
    const collector = await collecting()
    writes(collector, 1, 1, 8)
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 8))
    collector.restart()
    // The very next id follows the last seen one, in the same generation.
    writes(collector, 2, 1, 9)
    await followed.until(isAt(followed, 2, 9))
    writes(collector, 2, 10, 1)
    await followed.until(isAt(followed, 2, 10))
    showsWholeStatuses(followed)
  })

  test('twice in a row', async () => {
    const collector = await collecting()
    writes(collector, 1, 1, 5)
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 5))
    collector.restart()
    writes(collector, 2, 1, 2)
    collector.restart()
    writes(collector, 3, 1, 6)
    await followed.until(isAt(followed, 3, 6))
    showsWholeStatuses(followed)
  })

  test('before it has a status: the old one stays, and is marked as not the newest', async () => {
    const collector = await collecting()
    writes(collector, 1, 1, 5)
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 5))
    collector.restart()
    await followed.until(
      () => followed.events.includes('reconnect ended') || followed.events.includes('reconnect network'),
    )
    expect(followed.ingestor.state).toMatchObject({
      baseline: { run: 1, cycle: 5 },
      needFull: true,
      needFullReasons: ['reconnect'],
    })
    // The connection is open, but nothing confirms the old status.
    expect(followed.readings.at(-1)?.ok).toBe(false)
    writes(collector, 2, 1, 1)
    await followed.until(isAt(followed, 2, 1))
    expect(followed.readings.at(-1)?.ok).toBe(true)
  })

  test('keeps its follow-ups, each once, and none of the severities of the run before', async () => {
    const collector = await collecting()
    collector.publish('severity_state', { alert_type: 'drift', active: 'critical' })
    collector.publish('followup_alert', { alert: { message: 'one' }, type: 'drift' })
    writes(collector, 1, 1, 2)
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 2))
    collector.cut()
    await followed.until(() => followed.ingestor.state.panelFull > 2 && isAt(followed, 1, 2)())
    expect(followed.ingestor.state.severityState.get('drift')).toMatchObject({ active: 'critical' })
    expect(followed.ingestor.state.followUps.map(({ message }) => message)).toEqual(['one'])
    collector.restart()
    collector.publish('severity_state', { alert_type: 'gap', active: 'warn' })
    writes(collector, 2, 1, 2)
    await followed.until(isAt(followed, 2, 2))
    expect([...followed.ingestor.state.severityState.keys()]).toEqual(['gap'])
    expect(followed.ingestor.state.followUps.map(({ message }) => message)).toEqual(['one'])
  })
})

test('a connection that was cut costs one full status and asks for no statistics', async () => {
  const collector = await collecting()
  writes(collector, 1, 1, 40)
  const followed = following(collector.url)
  await followed.until(isAt(followed, 1, 40))
  const { length } = collector.requests
  collector.cut()
  writes(collector, 1, 41, 2)
  await followed.until(isAt(followed, 1, 42))
  expect(
    collector.requests.slice(length).map(({ url, lastEventId }) => [/force_full=1/.test(url), lastEventId]),
  ).toEqual([[true, null]])
  expect(collector.statsRequests).toBe(0)
  const { panelDiffDropped } = followed.ingestor.state
  writes(collector, 1, 43, 3)
  await followed.until(isAt(followed, 1, 45))
  // The history that is sent again is no loss.
  expect(followed.ingestor.state.panelDiffDropped).toBe(panelDiffDropped)
  showsWholeStatuses(followed)
})

test('a silent connection is asked for a full status: the server behind it may be another one', async () => {
  const before = await startStatusServer({ tag: 1 })
  const proxy = await startFaultProxy(before.port)
  closers.push(() => proxy.close())
  let streamStaleSec = 60
  const followed = following(`${proxy.url}/events`, {
    limits: () => ({ streamWarnSec: 0.05, streamStaleSec }),
    forceFullRetrySec: 0.01,
  })
  await followed.until(() => baseline(followed)?.tag === 1)
  const collector = await collecting()
  writes(collector, 2, 1, 2)
  proxy.target = collector.port
  streamStaleSec = 0.05
  await before.close()
  // Its ids are far below the requested one, so it accepts and sends nothing.
  await followed.until(() => collector.requests.length >= 1)
  expect(Number(collector.requests[0]?.lastEventId)).toBeGreaterThan(1_000)
  await followed.until(isAt(followed, 2, 2))
  expect(collector.requests[1]).toMatchObject({
    url: expect.stringMatching(/force_full=1/),
    lastEventId: null,
  })
})

/** A proxy that keeps its reader's connection when the server behind it ends: it requests the stream again and goes on. */
async function keepingProxy(target: Collector, remembersIds: boolean): Promise<string> {
  const proxy = createServer((request, response) => {
    let lastId = ''
    const ask = (): void => {
      const headers = remembersIds && lastId !== '' ? { 'Last-Event-ID': lastId } : {}
      get(`${target.origin}${request.url}`, { headers }, (answer: IncomingMessage) => {
        if (!response.headersSent) response.writeHead(200, answer.headers)
        answer.setEncoding('utf8').on('data', (text: string) => {
          for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) lastId = id ?? lastId
          response.write(text)
        })
        answer.on('error', () => {})
        answer.on('close', () => {
          if (!response.destroyed) ask()
        })
      }).on('error', () => {})
    }
    ask()
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => proxy.close(resolve).closeAllConnections()))
  return `${originOf(proxy)}/events`
}

describe('a collector that restarts behind a proxy that keeps the connection', () => {
  test.each([
    ['begins anew', false],
    ['goes on after the last id', true],
  ])('and %s, is followed again, and no difference is applied to the old status', async (_, remembersIds) => {
    const collector = await collecting()
    writes(collector, 1, 1, 8)
    const followed = following(await keepingProxy(collector, remembersIds))
    await followed.until(isAt(followed, 1, 8))
    collector.restart()
    writes(collector, 2, 1, 8)
    await followed.until(() => collector.readers > 0)
    writes(collector, 2, 9, 1)
    await followed.until(isAt(followed, 2, 9))
    showsWholeStatuses(followed)
  })
})

describe('a collector with too many events in its history', () => {
  test('leaves differences out: the board says so, and the server requests nothing that the collector cannot give', async () => {
    const collector = await collecting({ fullInterval: 4, backlogDegrade: 7 })
    const followed = following(collector.url, { forceFullRetrySec: 0.01 })
    collector.write(statusOf(1, 1))
    await followed.until(isAt(followed, 1, 1))
    writes(collector, 1, 2, 8)
    await followed.until(() => followed.ingestor.state.lastId === collector.lastId)
    // The second full status came after differences without content.
    expect(collector.degraded).toBe(true)
    const { state } = followed.ingestor
    expect(state).toMatchObject({ degraded: 'backpressure', malformed: 0, baseline: statusOf(1, 9) })
    writes(collector, 1, 10, 3)
    await followed.until(() => followed.ingestor.state.lastId === collector.lastId)
    expect(followed.ingestor.state).toMatchObject({
      degraded: 'backpressure',
      needFull: true,
      needFullReasons: ['degraded'],
      malformed: 0,
      baseline: statusOf(1, 9),
    })
    expect(followed.ingestor.state.droppedBy).toMatchObject({ malformed: 0, degraded: expect.any(Number) })
    expect(followed.ingestor.ingest(Date.now(), null).map(stats => followedMeta([stats]))).toMatchObject([
      { degraded: 'backpressure', need_full: true, need_full_reasons: ['degraded'] },
    ])
    // Full statuses still come.
    writes(collector, 1, 13, 1)
    await followed.until(isAt(followed, 1, 13))
    expect(collector.requests).toHaveLength(1)
    expect(followed.events).not.toContain('error malformed')
    showsWholeStatuses(followed)
  })

  test('sends an old status with an old time: a request for it does not make it younger', async () => {
    let agoMs = 600_000
    const collector = await collecting({ fullInterval: 0, nowMs: () => Date.now() - agoMs })
    collector.write(statusOf(1, 1))
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 1))
    followed.ingestor.requestFull('operator')
    await followed.until(() => followed.ingestor.state.panelFull >= 3 && !followed.ingestor.state.needFull)
    for (const reading of followed.readings) {
      if (!reading.ok) throw new Error('the reading failed')
      expect(reading.ageMs).toBeGreaterThan(598_000)
      expect(reading.ageMs).toBeLessThan(660_000)
    }
    expect(followed.ingestor.ingest(Date.now(), null)).toMatchObject([{ heartbeat: { health: 'stale' } }])
    agoMs = 0
    writes(collector, 1, 2, 1)
    await followed.until(isAt(followed, 1, 2))
    expect(followed.readings.at(-1)).not.toHaveProperty('ageMs')
    expect(followed.ingestor.ingest(Date.now(), null)).toMatchObject([{ heartbeat: { health: 'ok' } }])
  })
})

describe('a collector that repeats its last full status as a new one', () => {
  test('reverts nothing for a reader that has the differences since', async () => {
    const collector = await collecting({ fullInterval: 0, snapshotGapMax: 3 })
    collector.write(statusOf(1, 1))
    const followed = following(collector.url)
    await followed.until(isAt(followed, 1, 1))
    for (let cycle = 2; cycle <= 12; cycle++) {
      writes(collector, 1, cycle, 1)
      await followed.until(isAt(followed, 1, cycle))
    }
    expect(followed.ingestor.state.panelFull).toBeGreaterThan(2)
    showsWholeStatuses(followed)
  })

  test('gives a new reader the old status, marked and with its age, and no difference is applied to it', async () => {
    const collector = await collecting({ fullInterval: 0, snapshotGapMax: 3 })
    writes(collector, 1, 1, 12)
    const followed = following(collector.url, { forceFullRetrySec: 0.01 })
    await followed.until(() => followed.ingestor.state.lastId === collector.lastId)
    writes(collector, 1, 13, 1)
    await followed.until(() => followed.ingestor.state.lastId === collector.lastId)
    expect(followed.ingestor.state).toMatchObject({
      baseline: statusOf(1, 1),
      needFull: true,
      needFullReasons: ['repeated'],
    })
    showsWholeStatuses(followed)
  })
})

test('after any restarts, cuts and changes it shows full statuses only, and ends with the newest', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('write' as const), times: fc.integer({ min: 1, max: 9 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'cut' as const, 'severity' as const) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.constantFrom(4, 30),
      async (steps, fullInterval) => {
        const collector = await Collector.start({ fullInterval })
        const followed = follow(collector.url, { initialDelayMs: 1, forceFullRetrySec: 0.01 })
        let run = 1
        let cycle = 0
        const write = (times: number): void => {
          for (let i = 0; i < times; i++) collector.write(statusOf(run, ++cycle))
        }
        try {
          for (const one of steps) {
            if (one.do === 'write') write(one.times)
            else if (one.do === 'restart') {
              run++
              cycle = 0
              collector.restart()
            } else if (one.do === 'cut') collector.cut()
            else if (one.do === 'severity') collector.publish('severity_counts', { counts: { warn: cycle } })
            else if (cycle > 0) await followed.until(isAt(followed, run, cycle))
            const { state } = followed.ingestor
            if (state.baseline !== null && !state.needFull)
              expect(state.baseline.run).toBeLessThanOrEqual(run)
          }
          write(1)
          await followed.until(isAt(followed, run, cycle))
          showsWholeStatuses(followed)
        } finally {
          await followed.close()
          await collector.close()
        }
      },
    ),
    { numRuns: 40 },
  )
})

describe('a collector that asks for a name and a password', () => {
  const basic = { user: 'reader', password: 'päss:wörd' }
  const authorization = () => basicAuthorization(basic.user, basic.password)

  test('gets them with every connection', async () => {
    const collector = await collecting({ basic })
    writes(collector, 1, 1, 2)
    const followed = following(collector.url, { authorization })
    await followed.until(isAt(followed, 1, 2))
    collector.restart()
    writes(collector, 2, 1, 1)
    await followed.until(isAt(followed, 2, 1))
    const refused = following(collector.url)
    await refused.until(() => refused.readings.length > 0)
    expect(refused.readings[0]).toMatchObject({ ok: false, error: 'forbidden', message: 'HTTP 401' })
  })

  test('no other origin gets them, wherever it redirects to', async () => {
    const collector = await collecting()
    writes(collector, 1, 1, 2)
    const seen: (string | undefined)[] = []
    const elsewhere = await collecting()
    writes(elsewhere, 1, 1, 1)
    const listener = createServer((request, response) => {
      seen.push(request.headers.authorization)
      get(`${elsewhere.origin}${request.url}`, answer => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
        answer.on('error', () => {})
      })
    })
    const redirector = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(307, { Location: `${originOf(listener)}${request.url}` }).end()
    })
    for (const server of [listener, redirector]) {
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
    }
    const followed = following(`${originOf(redirector)}/events`, { authorization })
    await followed.until(isAt(followed, 1, 1))
    expect(seen).toEqual([authorization(), undefined])
  })
})

describe('the program', () => {
  afterEach(endAll)

  test('sends G6_HTTP_BASIC_USER and G6_HTTP_BASIC_PASS_FILE to the collector it follows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'g6-basic-'))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'password')
    await writeFile(file, 'secret-of-the-collector\n')
    const collector = await collecting({ basic: { user: 'me', password: 'secret-of-the-collector' } })
    writes(collector, 1, 1, 2)
    const run = g6(['snapshot', '--source', collector.url], {
      G6_HTTP_BASIC_USER: 'me',
      G6_HTTP_BASIC_PASS_FILE: file,
    })
    expect(await run.exit).toBe(0)
    expect(run.output().out).toMatch(/NIFTY.*10002/)
    const named = g6(['snapshot', '--source', `http://me:secret@127.0.0.1:${collector.port}/events`])
    expect(await named.exit).toBe(1)
    expect(named.output().err).toMatch(
      /set G6_HTTP_BASIC_USER and G6_HTTP_BASIC_PASS \(or G6_HTTP_BASIC_PASS_FILE\)/,
    )
  })

  test('shows the status file while the stream of G6_PANELS_SSE_URL is unavailable, and the stream when it is available', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'g6-fallback-'))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'status.json')
    await writeFile(file, JSON.stringify(statusOf(7, 1)))
    const collector = await collecting()
    const proxy = await startFaultProxy(0)
    closers.push(() => proxy.close())
    const run = g6(['serve', '--port', '0', '--status-file', file, '--panels-dir', join(folder, 'panels')], {
      G6_PANELS_SSE_URL: `${proxy.url}/events`,
    })
    const url = await run.url()
    const boardSays = async (text: string, ready: number): Promise<boolean> => {
      const board = await (await fetch(`${url}/summary/resync`)).text()
      return board.includes(text) && (await fetch(`${url}/readyz`)).status === ready
    }
    await eventually(() => boardSays(`shown_instead: ${file}`, 200), 'the file is shown')
    expect(await boardSays('cycle: 1', 200)).toBe(true)
    writes(collector, 3, 1, 5)
    proxy.target = collector.port
    await eventually(() => boardSays('cycle: 5', 200), 'the stream is shown')
    expect(await boardSays('shown_instead', 200)).toBe(false)
  })
})

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
