// The database goes away under a server that writes it: on real files, with the real writer.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditTrail, start } from '../../../test/support/audit-trail.js'
import { eventually } from '../../../test/support/eventually.js'
import { createLog } from '../../log/log.js'
import { createLocalWriter } from './background.js'
import { newestRecords } from './read.js'
import { type StartedTrail, startAuditTrail } from './trail.js'

const rig = auditTrail()

let trail: StartedTrail
let logged: string
let failures: number
beforeEach(async () => {
  logged = ''
  failures = 0
  const store = { path: rig.path, key: null }
  const destination = new Writable({
    write: (chunk, _, done) => {
      logged += String(chunk)
      done()
    },
  })
  trail = startAuditTrail({
    store,
    settings: () => ({ auditRequired: true, auditStoreEmail: false, auditRetentionDays: 36_500 }),
    log: createLog({ level: 'info', format: 'json', destination }),
    observer: {
      onFailure: () => {
        failures += 1
      },
    },
    writer: createLocalWriter({ ...store, asServer: true }),
    firstRetryMs: 1,
    checkEveryMs: 10,
  })
  await trail.opened
})
afterEach(() => trail.close())

const streams = () => rig.shownAll().map(({ streamId, operation }) => streamId ?? operation)
const isStored = (streamId: string) => () => {
  try {
    return streams().includes(streamId)
  } catch {
    return false // being made again
  }
}

async function write(streamId: string): Promise<void> {
  trail.record(start(streamId))
  await eventually(isStored(streamId), `${streamId} is stored`)
}

describe('a database that is', () => {
  const away = () => `${dirname(rig.path)}-away`
  afterEach(() => rmSync(away(), { recursive: true, force: true }))

  const folderAway = () => renameSync(dirname(rig.path), away())
  test.each<[string, () => void]>([
    ['deleted', () => rmSync(rig.path)],
    [
      'deleted with all its files',
      () => ['', '-wal', '-shm', '.head', '.key'].map(end => rmSync(rig.path + end)),
    ],
    ['gone with its folder', folderAway],
    ['cut to nothing', () => truncateSync(rig.path)],
    ['cut in two', () => truncateSync(rig.path, 1_000)],
    [
      'replaced by an empty one',
      () => {
        rmSync(rig.path)
        writeFileSync(rig.path, '')
      },
    ],
  ])('%s while it is written is logged once and counted, and made again with a mark', async (_, remove) => {
    await write('s1')
    await write('s2')
    const [, last] = rig.shownAll()
    const key = readFileSync(`${rig.path}.key`, 'utf8')
    remove()
    await write('s3')
    expect(streams()).toEqual(['audit.vanished', 's3'])
    expect(rig.shownAll()[0]).toMatchObject({ seq: 1, details: { lastSeq: 2, lastMac: last?.mac } })
    expect(await rig.verify()).toMatchObject({ ok: false, fault: 'vanished', seq: 1 })
    expect(readFileSync(`${rig.path}.key`, 'utf8')).toBe(key)
    expect(failures).toBeGreaterThan(0)
    expect(logged.match(/"code":"vanished"/g)).toHaveLength(1)
    expect(logged).toContain('was deleted, replaced or cut while this server wrote it, after record 2')
    expect(logged).toContain('the records before are missing')
    await eventually(() => trail.canStart(), 'questions are taken again')
  })

  test('deleted is noticed without a record to write, and no question is taken until it can be made again', async () => {
    await write('s1')
    for (const end of ['', '-wal', '-shm']) rmSync(rig.path + end)
    mkdirSync(rig.path)
    await eventually(() => !trail.canStart(), 'questions are refused')
    rmdirSync(rig.path)
    await eventually(() => trail.canStart(), 'questions are taken again')
    expect(streams()).toEqual(['audit.vanished'])
  })

  test('replaced by an older copy goes on from there, with a mark', async () => {
    await write('s1')
    await trail.close()
    copyFileSync(rig.path, `${rig.path}.copy`)
    const store = { path: rig.path, key: null }
    trail = startAuditTrail({
      store,
      settings: () => ({ auditRequired: false, auditStoreEmail: false, auditRetentionDays: 36_500 }),
      log: createLog({ level: 'silent', format: 'json' }),
      writer: createLocalWriter({ ...store, asServer: true }),
      firstRetryMs: 1,
    })
    await write('s2')
    for (const end of ['-wal', '-shm']) rmSync(rig.path + end)
    renameSync(`${rig.path}.copy`, rig.path)
    await write('s3')
    const operations = streams()
    expect(operations.slice(0, 1)).toEqual(['s1'])
    expect(operations).not.toContain('s2')
    expect(operations.slice(-2)).toEqual(['audit.vanished', 's3'])
    expect(await rig.verify()).toMatchObject({ fault: 'vanished' })
  })

  test('whole, but whose log of SQLite is deleted, loses nothing and needs no mark', async () => {
    await write('s1')
    rmSync(`${rig.path}-wal`)
    await write('s2')
    expect(streams()).toEqual(['s1', 's2'])
    expect(await rig.verify()).toMatchObject({ ok: true })
    expect(logged).toContain('audit.db-wal')
  })

  test('cut is kept under another name: nothing of it is deleted', async () => {
    await write('s1')
    truncateSync(rig.path, 100)
    await write('s2')
    expect(readdirSync(dirname(rig.path)).filter(name => /^audit\.db\.damaged-\d+$/.test(name))).toHaveLength(
      1,
    )
    expect(newestRecords(rig.path, 9)).toHaveLength(2)
    expect(existsSync(`${rig.path}-wal`)).toBe(true)
  })
})
