// A client that asks and merges like the original's (docs/migration.md), over real HTTP: it must get differences, and end
// with the status of the server.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import type { IngestStats } from '../src/ingest/enrichment.js'
import { heartbeat } from '../src/ingest/heartbeat.js'
import { EMPTY_STATE, type PanelState } from '../src/ingest/store.js'
import { createScenario, type ScenarioName } from '../src/simulator/scenario.js'
import { SHAPES, type Shape } from '../src/simulator/shapes.js'
import type { Status } from '../src/snapshot/reading.js'
import { eventually } from './support/eventually.js'
import { startStatusServer } from './support/status-server.js'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
function closing<T extends { close(): Promise<void> }>(thing: T): T {
  closers.push(() => thing.close())
  return thing
}

type Json = Record<string, unknown>
type Envelope = { type: string; id: number; generation: number; payload: Json; [member: string]: unknown }
const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function mergedIntoRoot(status: Json, diff: Json): Json {
  const out = { ...status }
  for (const [key, value] of Object.entries(diff)) {
    const old = out[key]
    if (value === null) delete out[key]
    else out[key] = isMap(value) && isMap(old) ? mergedIntoRoot(old, value) : value
  }
  return out
}

/** Line by line; a difference is valid only for the generation of the last full one. */
class OriginalClient {
  readonly counts = { panel_full: 0, panel_diff_applied: 0, panel_diff_dropped: 0 }
  readonly events: Envelope[] = []
  readonly followUps: Json[] = []
  /** Blocks that its bench counts as parse errors. */
  blocksWithoutEvent = 0
  status: Json | null = null
  lastId = 0
  #generation: number | null = null
  #response: IncomingMessage | null = null

  constructor(private readonly url: string) {}

  async connect(query = ''): Promise<void> {
    const types = 'types=panel_full%2Cpanel_diff%2Cseverity_state%2Cseverity_counts%2Cfollowup_alert'
    const last = this.lastId === 0 ? '' : `&last_id=${this.lastId}`
    const headers = {
      Accept: 'text/event-stream',
      ...(this.lastId === 0 ? {} : { 'Last-Event-ID': String(this.lastId) }),
    }
    const request = get(`${this.url}/events?${types}${last}${query}`, { headers, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    this.#response = response
    response.on('error', () => {})
    let lines: string[] = []
    createInterface({ input: response }).on('line', line => {
      if (line !== '') {
        lines.push(line)
        return
      }
      this.#block(lines)
      lines = []
    })
  }

  close(): Promise<void> {
    this.#response?.destroy()
    return Promise.resolve()
  }

  #block(lines: readonly string[]): void {
    if (lines.length > 0 && !lines.some(line => line.startsWith('event:')) && !lines[0]?.startsWith(':'))
      this.blocksWithoutEvent++
    const data = lines.filter(line => line.startsWith('data:')).map(line => line.slice(5).trimStart())
    if (data.length === 0) return
    const event = JSON.parse(data.join('\n')) as Envelope
    this.events.push(event)
    this.lastId = event.id
    const { payload } = event
    if (event.type === 'panel_full' && isMap(payload.status)) {
      this.status = structuredClone(payload.status)
      this.#generation = event.generation
      this.counts.panel_full++
    }
    if (event.type === 'panel_diff' && isMap(payload.diff)) {
      if (this.status === null || event.generation !== this.#generation) this.counts.panel_diff_dropped++
      else {
        this.status = mergedIntoRoot(this.status, payload.diff)
        this.counts.panel_diff_applied++
      }
    }
    if (event.type === 'followup_alert') {
      const alert = isMap(payload.alert) ? payload.alert : {}
      const level = typeof alert.severity === 'string' ? alert.severity.toUpperCase() : 'INFO'
      this.followUps.push({ level, component: `Follow-up ${String(alert.type)}`, message: alert.message })
    }
  }
}

function followedWith(state: PanelState): IngestStats {
  const limits = { warnAfterSec: 10, staleAfterSec: 30 }
  return { source: 'x', connection: 'live', error: null, state, heartbeat: heartbeat(state, 0, limits) }
}

const START_MS = Date.UTC(2025, 9, 3, 4, 0)

function documents(shape: Shape, scenario: ScenarioName, count: number): Status[] {
  const options = { seed: 7, indices: ['NIFTY', 'BANKNIFTY', 'SENSEX'], intervalSec: 60 }
  const run = createScenario({ ...options, shape, scenario, openMarket: true, withAnalytics: true })
  return Array.from({ length: count }, (_, n) => {
    const step = run.step(n, START_MS + n * 1_000)
    if (step.kind !== 'document') throw new Error(`no document: ${step.kind}`)
    return step.document
  })
}

describe('the client of the original', () => {
  test.each(
    SHAPES.flatMap(shape =>
      (['calm', 'busy', 'alerts'] as const).map(scenario => [shape, scenario] as const),
    ),
  )(
    'gets differences of a %s status in the scenario %s, and ends with the status',
    async (shape, scenario) => {
      const statuses = documents(shape, scenario, 60)
      const server = closing(await startStatusServer(statuses[0] ?? null))
      const client = closing(new OriginalClient(server.url))
      await client.connect()
      for (const status of statuses.slice(1)) server.hub.publishStatus(status)
      const { last_id: last } = server.hub.stats()
      await eventually(() => client.lastId === last, 'the client has the newest event')
      expect(client.status).toEqual(JSON.parse(JSON.stringify(statuses.at(-1))))
      const { panel_full, panel_diff_applied, panel_diff_dropped } = client.counts
      expect(panel_diff_dropped).toBe(0)
      expect(panel_full + panel_diff_applied).toBe(server.hub.stats().events_total)
      // A member that becomes null is the one change that needs a full status.
      expect(panel_full).toBeLessThan(panel_diff_applied)
      expect(client.blocksWithoutEvent).toBe(0)
    },
  )

  test('gets the level, the kind and the text of a follow-up', async () => {
    const server = closing(await startStatusServer({ a: 1 }))
    const client = closing(new OriginalClient(server.url))
    await client.connect()
    const alert = {
      time: 1_759_464_000,
      level: 'critical',
      component: 'volatility NIFTY',
      message: 'it rose',
    }
    server.hub.publishIngest([followedWith({ ...EMPTY_STATE, followUps: [alert] })])
    await eventually(() => client.followUps.length === 1, 'the follow-up came')
    expect(client.followUps).toEqual([
      { level: 'CRITICAL', component: 'Follow-up volatility NIFTY', message: 'it rose' },
    ])
  })

  test('resumes, and may ask for the full status again', async () => {
    const statuses = documents('both', 'busy', 12)
    const server = closing(await startStatusServer(statuses[0] ?? null))
    const client = closing(new OriginalClient(server.url))
    await client.connect()
    for (const status of statuses.slice(1, 6)) server.hub.publishStatus(status)
    await eventually(() => client.lastId === server.hub.stats().latest_id, 'it has the first half')
    await client.close()
    const { panel_full: fulls } = client.counts
    for (const status of statuses.slice(6)) server.hub.publishStatus(status)
    await client.connect()
    await eventually(() => client.lastId === server.hub.stats().latest_id, 'it has the second half')
    expect(client.status).toEqual(JSON.parse(JSON.stringify(statuses.at(-1))))
    expect(client.counts).toMatchObject({ panel_diff_dropped: 0, panel_full: fulls })
    await client.close()
    await client.connect('&force_full=1')
    await eventually(() => client.counts.panel_full === fulls + 1, 'it has the whole again')
    expect(server.hub.stats().forced_full_last).toEqual({ force_full: expect.any(Number) })
  })

  test('finds its local time in every event, and the statistics under its own names', async () => {
    const before = Date.now()
    const [first, second] = documents('both', 'busy', 2)
    const server = closing(await startStatusServer(first ?? null))
    const client = closing(new OriginalClient(server.url))
    await client.connect()
    server.hub.publishStatus(second ?? {})
    await eventually(() => client.events.length === 2, 'both events came')
    for (const { timestamp_ist: text, timestamp } of client.events) {
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30$/)
      expect(Date.parse(String(text))).toBe(Math.round(Number(timestamp) * 1_000))
      expect(Date.parse(String(text))).toBeGreaterThanOrEqual(before)
    }
    const stats = (await (await fetch(`${server.url}/events/stats`)).json()) as Json
    expect(stats).toMatchObject({
      latest_id: client.lastId,
      oldest_id: client.lastId - 1,
      backlog: 2,
      highwater: 2,
      types: { panel_full: 1, panel_diff: 1 },
      coalesced: {},
      consumers: 1,
      max_events: 2048,
      generation: 1,
      forced_full_last: {},
    })
  })
})
