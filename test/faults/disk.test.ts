// A full disk, files without permission and folders that go away, under a running server. The stream must not
// be affected; files must be whole at every moment and correct again afterwards; the log must say what happened, once.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'
import { ServedFolder, type ServedOptions } from '../support/served-folder.js'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

/** Removed after the servers that use it have ended. */
function smallDisk(sizeKb: number): SmallDisk {
  const disk = mountSmallDisk(sizeKb)
  closers.push(() => disk.remove())
  return disk
}

async function serving(options: ServedOptions = {}) {
  const served = new ServedFolder(options)
  closers.push(() => served.remove())
  served.write(1)
  await served.start()
  return served
}

/** Root may do everything; without these two capabilities it is an ordinary user. */
const CAPABILITIES = '-dac_override,-dac_read_search'
const AS_ORDINARY_USER =
  process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${CAPABILITIES}`, `--inh-caps=${CAPABILITIES}`] : []

/**
 * Moves it away first: a folder that a server writes into while it is emptied may not be empty at the end. A write under way
 * while it moves still lands in it; so it is emptied once more.
 */
function takeAway(folder: string): void {
  if (!existsSync(folder)) return
  const away = `${folder}-away`
  renameSync(folder, away)
  while (existsSync(away)) {
    try {
      rmSync(away, { recursive: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error
    }
  }
}

/** More than watching and polling can both keep up with. */
const RENAMES = 1_000

/** Files are written outside the cycle, and the log comes through a pipe: both may be late. */
function complainsOf(served: ServedFolder, file: string): Promise<true> {
  const has = () => served.logged(/cannot be written/).some(line => line.file === file)
  return eventually(has, `a log line about ${file}`)
}

describe('a full disk', () => {
  test('under the files affects only the files; they are whole all the time and correct again when there is room', async () => {
    const disk = smallDisk(512)
    const served = await serving({ filesIn: disk.path })
    const client = served.connect()
    await served.shows(client, 1)
    await served.filesAgree()
    const before = served.footprint()

    for (let n = 2; n <= 12; n++) {
      // Each time: a file that was being written at the first fill has freed room since.
      disk.fill()
      served.write(n)
      await served.shows(client, n)
    }
    const manifest = JSON.parse(readFileSync(join(served.panels, 'manifest.json'), 'utf8')) as object
    expect(manifest, 'what was written before').toHaveProperty('hashes')
    await complainsOf(served, 'manifest.json')
    await complainsOf(served, 'dossier.json')
    const complaints = served.logged(/cannot be written/)
    expect(complaints.map(({ code }) => code)).toEqual(complaints.map(() => 'ENOSPC'))
    const named = complaints.map(({ file }) => file)
    expect(new Set(named).size, 'each file is named once').toBe(named.length)
    const where = complaints.find(({ file }) => file === 'manifest.json')
    expect(where, 'the line says where').toMatchObject({ folder: served.panels })

    disk.empty()
    await served.filesAgree()
    await eventually(
      () => served.logged(/can be written again/).length === served.logged(/cannot be written/).length,
      'a log line that all is well',
    )
    await served.nothingLeftOver()
    expect(client.counts.reconnects).toBe(0)
    await served.holdsNoMoreThan(before)
  })

  test('under the log costs log lines, which are counted, and nothing else', async () => {
    const disk = smallDisk(64)
    const path = join(disk.path, 'log')
    const err = openSync(path, 'a')
    try {
      const served = await serving({ err })
      const logText = (): string => readFileSync(path, 'utf8')
      served.url = await eventually(() => /"url":"(http:[^"]+)"/.exec(logText())?.[1], 'an address')
      const client = served.connect()
      await served.shows(client, 1)
      const before = served.footprint()
      disk.fill(err)
      // Each record is a line.
      for (let n = 2; n <= 5; n++) {
        rmSync(served.status)
        await eventually(async () => (await served.source()).state === 'missing', 'the status is missed')
        served.write(n)
        await served.shows(client, n)
      }
      disk.empty()
      rmSync(served.status)
      await eventually(
        () => logText().includes('log lines could not be written'),
        'the log says how many lines it lost',
      )
      expect(logText()).toMatch(/"lost":\d+,"code":"ENOSPC"/)
      expect(served.running?.child.exitCode).toBeNull()
      await served.holdsNoMoreThan(before)
    } finally {
      closeSync(err)
    }
  })

  test('under standard output costs what it prints there, not the stream; the exit code shows it', async () => {
    const out = openSync('/dev/full', 'w')
    try {
      const served = new ServedFolder()
      closers.push(() => served.remove())
      served.write(1)
      const shown = g6(
        [
          'dashboard',
          '--json',
          '--serve',
          '--port',
          '0',
          '--no-write-panels',
          '--status-file',
          served.status,
        ],
        { G6_SUMMARY_REFRESH_SEC: '0.1' },
        { out },
      )
      served.url = await shown.url()
      const client = served.connect()
      for (let n = 2; n <= 6; n++) {
        served.write(n)
        await served.shows(client, n)
      }
      shown.signal('SIGTERM')
      expect(await shown.exit).toBe(1)
      expect(shown.output().err.match(/standard output cannot be written \(ENOSPC\)/g)).toHaveLength(1)
    } finally {
      closeSync(out)
    }
  })
})

describe('without permission', () => {
  test('a status stays on the board, is reported once, and comes back', async () => {
    const served = await serving({ via: AS_ORDINARY_USER })
    const client = served.connect()
    await served.shows(client, 1)
    served.write(2)
    await served.shows(client, 2)
    const before = served.footprint()
    chmodSync(served.status, 0o000)
    // A change of mode is no change of content; the next document is unreadable too.
    chmodSync(served.statusDir, 0o000)
    await eventually(async () => (await served.source()).state === 'forbidden', 'the state is forbidden')
    await served.shows(client, 2)
    chmodSync(served.statusDir, 0o755)
    chmodSync(served.status, 0o644)
    served.write(3)
    await served.shows(client, 3)
    await eventually(async () => (await served.source()).state === 'fresh', 'it is fresh')
    await eventually(() => served.logged(/the status can be read again/).length > 0, 'its log line')
    expect(served.logged(/the status can/).map(({ level, status }) => [level, status])).toEqual([
      [40, 'forbidden'],
      [30, undefined],
    ])
    await served.holdsNoMoreThan(before)
  })

  test('a folder costs its files, each reported once, until it is writable again', async () => {
    const served = await serving({ via: AS_ORDINARY_USER })
    const client = served.connect()
    await served.shows(client, 1)
    await served.filesAgree()
    const before = served.footprint()
    chmodSync(served.panels, 0o555)
    for (let n = 2; n <= 8; n++) {
      served.write(n)
      await served.shows(client, n)
    }
    await complainsOf(served, 'manifest.json')
    const named = served.logged(/cannot be written/).map(({ file, code }) => `${file} ${code}`)
    expect(new Set(named).size).toBe(named.length)
    expect(named).toContain('manifest.json EACCES')
    chmodSync(served.panels, 0o755)
    await served.filesAgree()
    await served.nothingLeftOver()
    await eventually(
      () => served.logged(/can be written again/).length === named.length,
      'a log line for each that all is well',
    )
    await served.holdsNoMoreThan(before)
  })
})

test('a read-only file system is one line for each output, which names the setting, and no line for each file', async () => {
  const disk = smallDisk(512)
  const readOnly = (mode: 'ro' | 'rw'): void =>
    void execFileSync('mount', ['-o', `remount,${mode}`, disk.path])
  readOnly('ro')
  const served = await serving({ filesIn: disk.path })
  const client = served.connect()
  await served.shows(client, 1)
  await eventually(() => served.log().filter(({ level }) => level >= 50).length === 2, 'two errors')
  for (let n = 2; n <= 4; n++) {
    served.write(n)
    await served.shows(client, n)
  }
  const errors = served.log().filter(({ level }) => level >= 40)
  expect(errors.map(({ code, folder }) => `${code} ${folder}`).sort()).toEqual([
    `EROFS ${join(served.dossier, '..')}`,
    `EROFS ${served.panels}`,
  ])
  const texts = errors.map(({ msg }) => msg).join()
  for (const setting of ['G6_PANELS_DIR', 'G6_NO_WRITE_PANELS', 'G6_SUMMARY_DOSSIER_PATH']) {
    expect(texts).toContain(setting)
  }
  readOnly('rw')
  await served.filesAgree()
  await eventually(
    () => served.logged(/nothing prevents writing/).length === 2,
    'a line for each that all is well',
  )
})

describe('folders that go away', () => {
  test('files come back with their folder, however often it is removed', async () => {
    const served = await serving()
    const client = served.connect()
    await served.shows(client, 1)
    await served.filesAgree()
    const before = served.footprint()
    for (let n = 2; n <= 30; n++) {
      takeAway(served.panels)
      if (n % 3 === 0) takeAway(join(served.dossier, '..'))
      served.write(n)
      if (n % 10 === 0) {
        await served.shows(client, n)
        await served.filesAgree()
      }
    }
    await served.filesAgree()
    await served.nothingLeftOver()
    await served.holdsNoMoreThan(before)
    const named = served.logged(/cannot be written/).map(({ file }) => file)
    expect(new Set(named).size, 'no line a cycle').toBe(named.length)
  })

  test('the status is found again when its folder comes back, is replaced, or is moved', async () => {
    const served = await serving()
    const client = served.connect()
    await served.shows(client, 1)
    const before = served.footprint()
    const away = `${served.statusDir}-away`
    for (let n = 2; n <= 12; n++) {
      renameSync(served.statusDir, away)
      if (n % 2 === 0) {
        await eventually(async () => (await served.source()).state === 'missing', 'it is missed')
        await served.shows(client, n - 1)
      }
      if (n % 3 === 0) {
        mkdirSync(served.statusDir)
        rmSync(away, { recursive: true })
      } else renameSync(away, served.statusDir)
      served.write(n)
      await served.shows(client, n)
    }
    // Missed six times at least, each with two log lines: that it is gone, and that it is back.
    await eventually(
      () => served.logged(/the status can be read again/).length >= 6,
      () => `each return is logged: ${JSON.stringify(served.logged(/the status/))}`,
    )
    const logged = served.logged(/the status can/).map(({ level, status }) => [level, status])
    expect(logged).toEqual(logged.map((_, i) => (i % 2 === 0 ? [40, 'missing'] : [30, undefined])))
    // The folder was replaced eleven times: each leaked watch would be one more.
    await served.holdsNoMoreThan(before)
  })

  test('a storm of renames ends with the last document, and causes no more cycles than allowed', async () => {
    const served = await serving()
    const client = served.connect()
    await served.shows(client, 1)
    const before = served.footprint()
    for (let n = 2; n <= RENAMES; n++) served.write(n)
    await served.shows(client, RENAMES)
    await served.filesAgree()
    expect(served.logged(/./).filter(({ level }) => level >= 40)).toEqual([])
    await served.holdsNoMoreThan(before)
  })
})
