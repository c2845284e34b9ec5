import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../log/log.js'
import type { AuditEntry } from '../ports.js'
import type { BackgroundWriter } from './background.js'
import type { Draft } from './draft.js'
import { AuditError } from './files.js'
import { type AuditSettings, startAuditTrail } from './trail.js'
import type { Appended, Opened } from './writer.js'

const OPENED: Opened = {
  keyMadeAt: null,
  crashed: 0,
  headMismatch: false,
  sealsRemoved: false,
  lostRecords: null,
}
const full = Object.assign(new Error('database or disk is full: SECRET-QUESTION'), { code: 'SQLITE_FULL' })

const entry = (n: number, query = 'SECRET-QUESTION'): AuditEntry => ({
  operation: 'stream.start',
  streamId: `s${n}`,
  connectionId: 'c',
  requestId: 'r',
  person: null,
  query,
  sessionId: null,
  upstream: 'http://rag',
  atMs: n,
})

/** A store that does what the test says; a batch waits until the test answers it. */
class ScriptedWriter implements BackgroundWriter {
  readonly committed: Draft[] = []
  readonly batches: { drafts: readonly Draft[]; answer(error?: Error): void }[] = []
  openFault: Error | null = null
  closed = false
  opened = 0
  #waiting: (() => void)[] = []

  async open(): Promise<Opened> {
    this.opened += 1
    if (this.openFault !== null) throw this.openFault
    return OPENED
  }
  requests = async () => []
  carryOut = async () => []
  append(drafts: readonly Draft[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const answer = (error?: Error): void => {
        if (error === undefined) this.committed.push(...drafts)
        if (error === undefined) resolve({ headFault: null })
        else reject(error)
      }
      this.batches.push({ drafts, answer })
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }
  readonly sweeps: { readonly beforeMs: number; readonly atMs: number }[] = []
  async sweep(beforeMs: number, atMs: number) {
    this.sweeps.push({ beforeMs, atMs })
    return { records: 0, subjects: 0 }
  }
  async check(): Promise<void> {}
  async close(): Promise<void> {
    this.closed = true
  }
  /** The `n`th batch, as soon as it comes. */
  async batch(n: number) {
    for (;;) {
      const found = this.batches[n]
      if (found !== undefined) return found
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }
  get streams() {
    return this.committed.map(({ streamId, operation }) => streamId ?? operation)
  }
}

async function trail(
  changes: Partial<AuditSettings> = {},
  writer = new ScriptedWriter(),
  maxWaiting = 10,
  countEveryMs = 60_000,
) {
  let logged = ''
  const counted = { failures: 0, operations: [] as string[] }
  const destination = new Writable({
    write: (chunk, _, done) => {
      logged += String(chunk)
      done()
    },
  })
  const started = startAuditTrail({
    store: { path: 'unused', key: null },
    settings: () => ({ auditRequired: false, auditStoreEmail: false, auditRetentionDays: 90, ...changes }),
    log: createLog({ level: 'debug', format: 'json', destination }),
    observer: {
      onCommitted: operation => counted.operations.push(operation),
      onFailure: () => {
        counted.failures += 1
      },
    },
    writer,
    maxWaiting,
    firstRetryMs: 1,
    countEveryMs,
  })
  await started.opened
  return { trail: started, writer, counted, logged: () => logged }
}

test('records go in batches, one at a time, in order, and are counted when they are committed', async () => {
  const { trail: audit, writer, counted } = await trail()
  audit.record(entry(1))
  audit.record(entry(2))
  const first = await writer.batch(0)
  expect(first.drafts).toHaveLength(2)
  audit.record(entry(3))
  expect(counted.operations).toEqual([])
  first.answer()
  const second = await writer.batch(1)
  expect(counted.operations).toEqual(['stream.start', 'stream.start'])
  second.answer()
  await audit.close()
  expect(writer.streams).toEqual(['s1', 's2', 's3'])
  expect(writer.closed).toBe(true)
})

test('each record is one line of the log, also while the store is unavailable', async () => {
  const { trail: audit, writer, logged } = await trail()
  const lines = () => logged().match(/"operation":"stream.start".*"audit record"/g) ?? []
  audit.record(entry(1))
  audit.record(entry(2))
  ;(await writer.batch(0)).answer(full)
  const again = await writer.batch(1)
  expect(lines()).toHaveLength(2)
  again.answer()
  await audit.close()
  expect(lines()).toHaveLength(2)
  expect(logged()).not.toContain('SECRET-QUESTION')
})

test('a record costs its caller next to nothing: it is made, and its line written, with its batch', async () => {
  const { trail: audit, writer, logged } = await trail()
  let looks = 0
  const looked = new Proxy(entry(1), {
    get: (target, name, receiver) => {
      if (name !== 'operation') looks++
      return Reflect.get(target, name, receiver)
    },
  })
  audit.record(looked)
  expect(looks).toBe(0)
  expect(logged()).not.toContain('audit record')
  ;(await writer.batch(0)).answer()
  expect(looks).toBeGreaterThan(0)
  expect(logged()).toContain('audit record')
  await audit.close()
})

test('closing commits everything pending, also more than a batch', async () => {
  const { trail: audit, writer } = await trail({}, new ScriptedWriter(), 2_000)
  for (let n = 0; n < 1_200; n++) audit.record(entry(n))
  const closed = audit.close()
  for (let n = 0; n < 3; n++) (await writer.batch(n)).answer()
  await closed
  expect(writer.streams).toEqual(Array.from({ length: 1_200 }, (_, n) => `s${n}`))
})

const refusal = (n: number): AuditEntry => ({
  operation: 'security.forbidden',
  address: '192.0.2.1',
  requestId: 'r',
  person: null,
  code: 'cross_site',
  atMs: n,
})

describe('refusals beyond their limit', () => {
  test('do not displace streams, and their counts are recorded at the end', async () => {
    const { trail: audit, writer, logged } = await trail({}, new ScriptedWriter(), 400)
    for (let n = 0; n < 5_000; n++) audit.record(refusal(n))
    for (let n = 0; n < 100; n++) audit.record(entry(n))
    const { drafts, answer } = await writer.batch(0)
    expect(drafts.map(({ operation }) => operation)).toEqual([
      ...Array.from({ length: 300 }, () => 'security.forbidden'),
      ...Array.from({ length: 100 }, () => 'stream.start'),
    ])
    answer()
    const closed = audit.close()
    const last = await writer.batch(1)
    expect(last.drafts).toMatchObject([
      { operation: 'audit.left_out', details: { 'security.forbidden': 4_700, sinceMs: 300 } },
    ])
    last.answer()
    await closed
    expect(logged()).toContain('no audit record of their own')
  })

  test('are recorded as counts while the server runs, once, also when that batch had to be retried', async () => {
    const { trail: audit, writer } = await trail({}, new ScriptedWriter(), 400, 1)
    for (let n = 0; n < 302; n++) audit.record(refusal(n))
    const tells = ({ drafts }: { readonly drafts: readonly Draft[] }) =>
      drafts.some(({ operation }) => operation === 'audit.left_out')
    let n = 0
    for (; !tells(await writer.batch(n)); n++) (await writer.batch(n)).answer()
    ;(await writer.batch(n)).answer(full)
    ;(await writer.batch(n + 1)).answer()
    await audit.close()
    const counts = writer.committed.filter(({ operation }) => operation === 'audit.left_out')
    expect(counts).toMatchObject([{ details: { 'security.forbidden': 2 } }])
  })
})

test('records past the retention are removed at the start', async () => {
  const { writer, trail: started } = await trail({ auditRetentionDays: 30 })
  expect(writer.sweeps.map(({ beforeMs, atMs }) => atMs - beforeMs)).toEqual([30 * 86_400_000])
  await started.close()
})

test('records that come while the store is being opened wait for it', async () => {
  const writer = new ScriptedWriter()
  let open: () => void = () => {}
  const isThere = new Promise<void>(resolve => {
    open = resolve
  })
  writer.open = async () => {
    await isThere
    return OPENED
  }
  const audit = startAuditTrail({
    store: { path: 'unused', key: null },
    settings: () => ({ auditRequired: true, auditStoreEmail: false, auditRetentionDays: 90 }),
    log: createLog({ level: 'silent', format: 'json' }),
    writer,
  })
  audit.record(entry(1))
  expect(audit.canStart()).toBe(false)
  open()
  await audit.opened
  expect(audit.canStart()).toBe(true)
  const closed = audit.close()
  ;(await writer.batch(0)).answer()
  await closed
  expect(writer.streams).toEqual(['s1'])
})

describe('an unavailable store', () => {
  test('loses no waiting records; they are retried, and the failure is counted and logged by code', async () => {
    const { trail: audit, writer, counted, logged } = await trail()
    audit.record(entry(1))
    ;(await writer.batch(0)).answer(full)
    const again = await writer.batch(1)
    expect(again.drafts.map(({ streamId }) => streamId)).toEqual(['s1'])
    expect(audit.canStart()).toBe(true)
    again.answer()
    await audit.close()
    expect(writer.streams).toEqual(['s1'])
    expect(counted.failures).toBe(1)
    expect(logged()).toContain('SQLITE_FULL')
    expect(logged()).toContain('available again')
    expect(logged()).not.toContain('SECRET-QUESTION')
  })

  test('lets no stream start when the trail is required, until it is available again', async () => {
    const { trail: audit, writer } = await trail({ auditRequired: true })
    expect(audit.canStart()).toBe(true)
    audit.record(entry(1))
    ;(await writer.batch(0)).answer(full)
    const again = await writer.batch(1)
    expect(audit.canStart()).toBe(false)
    again.answer()
    await audit.close()
    expect(audit.canStart()).toBe(true)
  })

  test('has a limit of waiting records; lost ones are in the log and in the chain', async () => {
    const { trail: audit, writer, logged } = await trail()
    audit.record(entry(1))
    const first = await writer.batch(0)
    for (let n = 2; n <= 15; n++) audit.record(entry(n))
    first.answer()
    ;(await writer.batch(1)).answer()
    await audit.close()
    expect(writer.streams).toEqual([...Array.from({ length: 10 }, (_, n) => `s${n + 1}`), 'audit.lost'])
    expect(writer.committed.at(-1)?.details).toMatchObject({ records: 5 })
    expect(logged().match(/being lost/g)).toHaveLength(1)
  })

  test('has a limit of waiting text too', async () => {
    const { trail: audit, writer } = await trail({}, new ScriptedWriter(), 10_000)
    for (let n = 0; n < 20; n++) audit.record(entry(n, 'x'.repeat(1024 * 1024)))
    const closed = audit.close()
    const { drafts, answer } = await writer.batch(0)
    expect(drafts).toHaveLength(16)
    expect(drafts.at(-1)?.details).toMatchObject({ records: 5 })
    answer()
    await closed
  })

  test('that cannot be opened is retried, and the log says what to change', async () => {
    const writer = new ScriptedWriter()
    writer.openFault = new AuditError('in_use', 'another server writes the audit trail (G6_AUDIT_DB)')
    const { trail: audit, logged } = await trail({ auditRequired: true }, writer)
    expect(audit.canStart()).toBe(false)
    expect(logged()).toContain('another server writes the audit trail')
    writer.openFault = null
    audit.record(entry(1))
    ;(await writer.batch(0)).answer()
    await audit.close()
    expect(writer.opened).toBe(2)
    expect(writer.streams).toEqual(['s1'])
  })

  test('logs at the end how many records are lost', async () => {
    const { trail: audit, writer, logged } = await trail()
    audit.record(entry(1))
    const closed = audit.close()
    ;(await writer.batch(0)).answer(full)
    await closed
    expect(logged()).toContain('"records":1')
    expect(writer.closed).toBe(true)
  })
})
