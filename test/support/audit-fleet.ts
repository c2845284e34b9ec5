// Servers of a fleet as their audit trails see it: each with a database of its own, all with one Redis and short times.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalWriter } from '../../src/chat/audit/background.js'
import { loadKey } from '../../src/chat/audit/files.js'
import { newestRecords, recordsOf, type ShownRecord } from '../../src/chat/audit/read.js'
import { type StartedTrail, startAuditTrail } from '../../src/chat/audit/trail.js'
import { type FleetVerdict, verifyTrails } from '../../src/chat/audit/verify-fleet.js'
import { shareAudit } from '../../src/chat/shared/audit.js'
import { systemTimers } from '../../src/clock/timers.js'
import { type Link, openLink } from '../../src/redis/link.js'
import { type CapturedLog, capturedLog } from './captured-log.js'
import { eventually } from './eventually.js'
import type { RedisServer } from './redis-server.js'

const KEY = 'a key that all servers of the fleet have'

export class AuditServer {
  readonly path: string
  readonly captured: CapturedLog = capturedLog()
  readonly faults: string[] = []
  trail: StartedTrail | null = null
  #end: () => void = () => {}

  constructor(
    readonly fleet: AuditFleet,
    readonly instance: string,
    readonly key: string | null = KEY,
  ) {
    this.path = join(fleet.folder, `${instance.replace(':', '-')}.db`)
  }

  async start(): Promise<StartedTrail> {
    const { link, name } = this.fleet
    const store = { path: this.path, key: this.key, isShared: true }
    const trail = startAuditTrail({
      store,
      settings: () => ({ auditRequired: false, auditStoreEmail: true, auditRetentionDays: 90 }),
      log: this.captured.log,
      instance: () => this.instance,
      writer: createLocalWriter({ ...store, asServer: true }),
    })
    this.trail = trail
    await trail.opened
    const node = `${this.instance}.${String(this.fleet.starts++).padStart(8, '0')}`
    this.#end = shareAudit({
      engine: () => ({ link, fleet: name, node, isGone: !this.fleet.isUp }),
      trail,
      monotonicMs: () => performance.now(),
      timers: systemTimers,
      times: { tickMs: 20, witnessMs: this.fleet.witnessMs },
      log: this.captured.log,
      onFault: (what, error) => this.faults.push(`${what}: ${String(error)}`),
    })
    return trail
  }

  async stop(): Promise<void> {
    this.#end()
    await this.trail?.close()
    this.trail = null
  }

  get records(): readonly ShownRecord[] {
    return newestRecords(this.path, 10_000)
  }

  of(operation: string): readonly ShownRecord[] {
    return this.records.filter(record => record.operation === operation)
  }

  /** What is known of the person of this name. */
  found(text: string): readonly ShownRecord[] {
    return recordsOf(this.path, this.keyOf(), [{ kind: 'name', text }])
  }

  keyOf(): Uint8Array {
    return loadKey(this.path, this.key) ?? Buffer.alloc(0)
  }
}

export class AuditFleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'g6-audit-'))
  readonly servers: AuditServer[] = []
  starts = 0
  witnessMs = 100
  /** False: as a server sees it whose beats get no answer. */
  isUp = true

  private constructor(
    readonly name: string,
    readonly link: Link,
  ) {}

  static async start(redis: RedisServer, name: string): Promise<AuditFleet> {
    const link = await openLink({
      address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
      monotonicMs: () => performance.now(),
    })
    await eventually(() => link.commands.isUp, 'the link is up')
    return new AuditFleet(name, link)
  }

  add(instance: string, key?: string | null): AuditServer {
    const server = new AuditServer(this, instance, key)
    this.servers.push(server)
    return server
  }

  verify(servers: readonly AuditServer[] = this.servers): Promise<FleetVerdict> {
    return verifyTrails(servers.map(server => ({ path: server.path, key: server.keyOf() })))
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop()))
    this.link.close()
    rmSync(this.folder, { recursive: true })
  }
}
