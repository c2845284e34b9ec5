// A server that follows another server's status stream, over real sockets and through faults.
import { afterEach, describe, expect, test } from 'vitest'
import type { Status } from '../src/snapshot/reading.js'
import { type FaultProxy, startFaultProxy } from './support/fault-proxy.js'
import { seeded } from './support/fault-run.js'
import { type Followed, follow } from './support/followed.js'
import { type Footprint, holdsNoMoreThan, ownFootprint } from './support/footprint.js'
import { type StatusServer, startStatusServer } from './support/status-server.js'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
function closing<T extends { close(): Promise<void> }>(thing: T): T {
  closers.push(() => thing.close())
  return thing
}

const baseline = ({ ingestor }: Followed): string => JSON.stringify(ingestor.state.baseline)
const shows = (followed: Followed, status: Status) => () =>
  baseline(followed) === JSON.stringify(status) && !ingestorNeedsFull(followed)
const ingestorNeedsFull = ({ ingestor }: Followed): boolean => ingestor.state.needFull
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function randomStatus(random: () => number, cycle: number): Status {
  const pick = (most: number): number => Math.floor(random() * most)
  const names = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'].filter(() => random() < 0.8)
  if (random() < 0.2) names.reverse()
  return {
    cycle,
    indices: Object.fromEntries(
      names.map(name => [name, { ltp: pick(5), legs: pick(3), tags: ['a', pick(2)] }]),
    ),
    ...(random() < 0.5 ? { alerts: Array.from({ length: pick(3) }, (_, i) => ({ message: `m${i}` })) } : {}),
    // Large enough that a difference is usually smaller than the whole.
    filler: 'x'.repeat(2_000),
    maybe: random() < 0.3 ? null : { deep: { er: pick(4) } },
  }
}

describe('a chain of two', () => {
  test('is equal again after each of 200 rounds of faults, and reports what happened', async () => {
    const random = seeded(20_251_120)
    const pick = (most: number): number => Math.floor(random() * most)
    let cycle = 0
    let status = randomStatus(random, ++cycle)
    let server: StatusServer = await startStatusServer(status)
    const proxy: FaultProxy = closing(await startFaultProxy(server.port))
    const publish = (times: number): void => {
      for (let i = 0; i < times; i++) {
        status = randomStatus(random, ++cycle)
        server.hub.publishStatus(status)
      }
    }
    const followed = closing(follow(`${proxy.url}/events`, { forceFullRetrySec: 0.01 }))
    await followed.until(shows(followed, status))
    const done: Record<string, number> = {}
    const faults: Record<string, () => Promise<void> | void> = {
      nothing: () => publish(1 + pick(4)),
      cut: () => {
        publish(1)
        proxy.cut()
        publish(pick(3))
      },
      cutMidEvent: async () => {
        proxy.cutAfter(1 + pick(2_500))
        for (let i = 0; i < 4; i++) {
          publish(1)
          await turn()
        }
      },
      reset: () => {
        publish(1)
        proxy.reset()
        publish(pick(3))
      },
      slow: () => {
        proxy.shape({ sizeBytes: () => 1_000, gapMs: 1 })
        publish(1 + pick(3))
      },
      otherPieces: () => {
        proxy.shape({ sizeBytes: () => 1 + pick(900), gapMs: 0 })
        publish(1 + pick(3))
      },
      stall: async () => {
        proxy.stall()
        for (let i = 0; i < 6; i++) {
          publish(2)
          await turn()
        }
        proxy.resume()
      },
      restartWithLowerCycle: async () => {
        proxy.target = 0
        await server.close()
        cycle = 0
        status = randomStatus(random, cycle)
        server = await startStatusServer(status)
        proxy.target = server.port
        publish(pick(3))
      },
    }
    let warm: Footprint | null = null
    try {
      for (let round = 0; round < 200; round++) {
        const names = Object.keys(faults)
        const name = names[pick(names.length)] ?? 'nothing'
        done[name] = (done[name] ?? 0) + 1
        await faults[name]?.()
        await followed.until(shows(followed, status))
        proxy.shape(null)
        if (round === 60) warm = ownFootprint()
      }
      if (warm !== null) await holdsNoMoreThan(warm)
    } finally {
      await server.close()
    }
    expect(Object.keys(done).sort()).toEqual(Object.keys(faults).sort())
    const { state } = followed.ingestor
    expect(state.panelDiffApplied).toBeGreaterThan(50)
    expect(state.malformed).toBe(0)
    expect(followed.events.filter(text => text.startsWith('reconnect')).length).toBeGreaterThan(50)
  })

  test('a restart of the producer is noticed, reported, and recovered from', async () => {
    const one = await startStatusServer({ cycle: 50 })
    const proxy = closing(await startFaultProxy(one.port))
    const followed = closing(follow(`${proxy.url}/events`, { initialDelayMs: 20 }))
    await followed.until(shows(followed, { cycle: 50 }))
    await one.close()
    await followed.until(() => followed.readings.at(-1)?.ok === false)
    expect(followed.ingestor.ingest(Date.now(), null)[0]).toMatchObject({ connection: 'lost' })
    const two = closing(await startStatusServer({ cycle: 1 }))
    proxy.target = two.port
    await followed.until(shows(followed, { cycle: 1 }))
    expect(followed.readings.at(-1)).toMatchObject({ ok: true, status: { cycle: 1 } })
    expect(followed.ingestor.ingest(Date.now(), null)[0]).toMatchObject({ connection: 'live', error: null })
  })

  test('a reconnection without news still counts as success', async () => {
    const server = closing(await startStatusServer({ a: 1 }))
    const proxy = closing(await startFaultProxy(server.port))
    const followed = closing(follow(`${proxy.url}/events`))
    await followed.until(() => followed.readings.length === 1)
    proxy.cut()
    await followed.until(() => followed.readings.length === 3)
    expect(followed.readings.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(followed.ingestor.state).toMatchObject({ panelFull: 1, needFull: false })
  })

  test('severities and follow-ups come along', async () => {
    const one = closing(await startStatusServer({ a: 1 }))
    const first = closing(follow(`${one.url}/events`))
    const two = closing(await startStatusServer({ a: 1 }))
    const second = closing(follow(`${two.url}/events`))
    await first.until(shows(first, { a: 1 }))
    const state = { alert_type: 'drift', active: 'warn', counts: { info: 0, warn: 1, critical: 0 } }
    const stats = first.ingestor.ingest(Date.now(), null)[0]
    if (stats === undefined) throw new Error('no stats')
    const followUp = { time: 5, level: 'warn', component: 'drift NIFTY', message: 'm' }
    const counts = { info: 0, warn: 1, critical: 0 }
    two.hub.publishIngest([
      {
        ...stats,
        state: {
          ...stats.state,
          severityState: new Map([['drift', state]]),
          severityCounts: counts,
          followUps: [followUp],
        },
      },
    ])
    await second.until(() => second.ingestor.state.followUps.length === 1)
    expect(second.ingestor.state).toMatchObject({ followUps: [followUp], severityCounts: counts })
    expect(second.ingestor.state.severityState.get('drift')).toMatchObject(state)
    // Later readers get them too.
    const later = closing(follow(`${two.url}/events`))
    await later.until(() => later.ingestor.state.baseline !== null)
    expect(later.ingestor.state).toMatchObject({
      followUps: [followUp],
      severityCounts: counts,
      needFull: false,
    })
  })

  test('a wrong token is reported, and the request repeated only after 30 s', async () => {
    const server = closing(await startStatusServer({ a: 1 }, { sseApiToken: 'right' }))
    const followed = closing(follow(`${server.url}/events`, { token: () => 'wrong' }))
    await followed.until(() => followed.readings.length === 1)
    expect(followed.readings[0]).toMatchObject({ ok: false, error: 'forbidden' })
    const right = closing(follow(`${server.url}/events`, { token: () => 'right' }))
    await right.until(shows(right, { a: 1 }))
  })
})

describe('GET /events', () => {
  async function lines(url: string, until: RegExp, headers: Record<string, string> = {}): Promise<string> {
    const abort = new AbortController()
    const response = await fetch(url, { signal: abort.signal, headers })
    const decoder = new TextDecoder()
    let text = ''
    if (response.body === null) throw new Error('no body')
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      if (until.test(text)) break
    }
    abort.abort()
    return text
  }
  const types = (text: string): string[] => [...text.matchAll(/^event: (.*)$/gm)].map(match => match[1] ?? '')
  const big = (n: number): Status => ({ n, filler: 'x'.repeat(500) })

  test('begins with the full status, retry in its block, then sends differences of the same generation', async () => {
    const server = closing(await startStatusServer(big(1)))
    const soon = lines(`${server.url}/events`, /panel_diff"/)
    await turn()
    const joined = (): boolean => server.hub.stats().clients === 1
    while (!joined()) await turn()
    server.hub.publishStatus(big(2))
    const text = await soon
    expect(text).toMatch(/^retry: 0\nid: \d+\nevent: panel_full\n/)
    expect(types(text)).toEqual(['panel_full', 'panel_diff'])
    const data = [...text.matchAll(/^data: (.*)$/gm)].map(match => JSON.parse(match[1] ?? ''))
    expect(data[0]).toMatchObject({ generation: 1, payload: { status: big(1), bootstrap: true } })
    expect(data[1]).toMatchObject({
      id: data[0].id + 1,
      generation: 1,
      stream_id: data[0].stream_id,
      payload: { diff: { n: 2 } },
    })
  })

  test('resumes after an id it still has, and begins again after one it has not', async () => {
    const server = closing(await startStatusServer(big(1)))
    for (let n = 2; n <= 5; n++) server.hub.publishStatus(big(n))
    const { last_id: last } = server.hub.stats()
    const from = (id: number, more = '') =>
      lines(`${server.url}/events?last_id=${id}${more}`, new RegExp(`id: ${last}\n.*\n.*\n\n`))
    expect(types(await from(last - 2))).toEqual(['panel_diff', 'panel_diff'])
    for (const unknown of [1, last + 5, last - 2000])
      expect(types(await from(unknown))).toEqual(['panel_full'])
    expect(types(await from(last - 2, '&force_full=1'))).toEqual(['panel_full'])
    const byHeader = await lines(`${server.url}/events`, /event.*\n.*\n\n/, {
      'Last-Event-ID': String(last - 1),
    })
    expect(types(byHeader)).toEqual(['panel_diff'])
    const both = await lines(`${server.url}/events?last_id=${last - 1}`, /event.*\n.*\n\n/, {
      'Last-Event-ID': '1',
    })
    expect(types(both), 'the query wins').toEqual(['panel_diff'])
  })

  test('sends only the requested types, and a backlog with a baseline behind it', async () => {
    const server = closing(await startStatusServer(big(1)))
    for (let n = 2; n <= 5; n++) server.hub.publishStatus(big(n))
    const backlog = await lines(`${server.url}/events?backlog=2`, /bootstrap/)
    expect(types(backlog)).toEqual(['panel_diff', 'panel_diff', 'panel_full'])
    const all = await lines(`${server.url}/events?backlog=99`, /"diff":{"n":5}/)
    expect(types(all)).toEqual(['panel_full', 'panel_diff', 'panel_diff', 'panel_diff', 'panel_diff'])
    const only = await lines(`${server.url}/events?backlog=99&types=panel_full,weather`, /event.*\n.*\n\n/)
    expect(types(only)).toEqual(['panel_full'])
  })

  test('refuses invalid requests, and counts them', async () => {
    const server = closing(await startStatusServer(big(1)))
    for (const query of ['types=,', 'last_id=x', 'backlog=-1', 'force_full=yes', 'last_id=1&last_id=2']) {
      expect((await fetch(`${server.url}/events?${query}`)).status, query).toBe(400)
    }
    const stats = await (await fetch(`${server.url}/events/stats`)).json()
    expect(stats).toMatchObject({ generation: 1, clients: 0, events_total: 1, by_type: { panel_full: 1 } })
    const head = await fetch(`${server.url}/events`, { method: 'HEAD' })
    expect(head.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  })

  test('comes compressed on request', async () => {
    const server = closing(await startStatusServer(big(1)))
    const response = await fetch(`${server.url}/events`, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    await response.body?.cancel()
  })
})
