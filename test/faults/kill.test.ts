// A server that is killed at random moments, paused and started again, with readers on it: followers of every
// kind end equal to it, its files are whole at every moment, and the killed process leaves nothing behind.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Connection } from '../../client/index.js'
import { eventually } from '../support/eventually.js'
import { seeded } from '../support/fault-run.js'
import { openFilesOf } from '../support/footprint.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { panelFileProblems } from '../support/panel-file-checks.js'
import { ServedFolder } from '../support/served-folder.js'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

/** FAULT_SEED=N repeats the same moments. */
const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1e9))

async function serving() {
  const served = new ServedFolder()
  closers.push(() => served.remove())
  served.write(1)
  await served.start()
  return served
}

/** Kills it so many ms from now, while it works. */
async function killWhileWorking(served: ServedFolder, afterMs: number, first: number): Promise<number> {
  const { running } = served
  let n = first
  const endsAtMs = performance.now() + afterMs
  while (performance.now() < endsAtMs) {
    served.write(n++)
    await new Promise(resolve => setImmediate(resolve))
  }
  running?.signal('SIGKILL')
  await running?.exit
  return n
}

async function follower(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Running & { at: string }> {
  const running = g6([...args, '--port', '0', '--no-write-panels'], { G6_SSE_IP_CONNECT_RATE: '0', ...env })
  return { ...running, at: await running.url() }
}

test('of two servers with one folder and one dossier the second says so and writes nothing, and takes over when the first is killed', async () => {
  const first = await serving()
  await first.filesAgree()
  const second = new ServedFolder({ filesIn: first.folder })
  closers.push(() => second.remove())
  second.write(500)
  await second.start()
  await eventually(() => second.logged(/another program writes here/).length === 2, 'a line for each')
  // The two are asked at the same time, so either line may be the first.
  const lines = second.logged(/another program/).toSorted((a, b) => Number('file' in a) - Number('file' in b))
  expect(lines).toMatchObject([
    { level: 40, folder: first.panels, pid: first.pid },
    { level: 40, file: 'dossier.json', pid: first.pid },
  ])
  for (let n = 2; n <= 4; n++) {
    first.write(n)
    second.write(500 + n)
    await first.filesAgree()
    expect(await panelFileProblems(first.panels)).toEqual({})
  }
  first.running?.signal('SIGKILL')
  await first.running?.exit
  await second.filesAgree()
  expect(await panelFileProblems(second.panels)).toEqual({})
  await second.nothingLeftOver()
  expect(second.logged(/another program/)).toHaveLength(2)
  second.running?.signal('SIGTERM')
  expect(await second.running?.exit).toBe(0)
  expect(readdirSync(first.panels).filter(name => name.startsWith('.'))).toEqual([])
})

/** The two servers in turn. */
const KILLS = 2

describe(`killed at random moments (FAULT_SEED=${SEED})`, () => {
  test('files are whole and nothing is left over; a reader is equal again after every restart', async () => {
    const random = seeded(SEED)
    const served = await serving()
    const client = served.connect()
    let n = 1
    // Files exist before the first kill.
    await served.filesAgree()
    for (let round = 0; round < 4; round++) {
      await served.shows(client, n)
      n = await killWhileWorking(served, random() * 400, n + 1)
      // Readers at any time read whole documents.
      served.checkFiles()
      // A kill rarely hits the moment between write and rename, so the test makes its leftover itself.
      writeFileSync(join(served.panels, `.manifest.json.${served.pid}-9999.tmp`), '{')
      served.write(++n)
      await served.start()
      await served.shows(client, n)
      await served.filesAgree()
      await served.nothingLeftOver()
    }
    expect(client.counts).toMatchObject({ mismatches: 0, malformed: 0 })
  })

  test('a composite, an edge and a composite’s reader are equal again after every restart, and use no more', async () => {
    const random = seeded(SEED + 1)
    const [one, two] = [await serving(), await serving()]
    const edge = await follower(['serve', '--source', one.url])
    const both = await follower([
      'serve',
      ...['--source', `${one.url}/events`],
      ...['--source', `status:${two.url}`],
    ])
    const atEdge = one.connect(edge.at)
    const atBoth = one.connect(both.at)
    /** NIFTY is the first one's while it is up; the cycle number too. */
    const shows = (connection: Connection, n: number): Promise<unknown> => {
      const lines = (key: string): string => connection.board?.panels.get(key)?.lines.join('\n') ?? ''
      return eventually(
        () => lines('cycle').startsWith(`cycle: ${n}\n`) && lines('alerts').split(`number ${n}`).length === 3,
        () => `${n} of both: ${lines('cycle')}\n${lines('alerts')}`,
      )
    }
    let n = 1
    const held = (): number => openFilesOf(edge.child.pid ?? 0) + openFilesOf(both.child.pid ?? 0)
    let firstHeld: number | null = null
    for (let round = 0; round < KILLS; round++) {
      const victim = round % 2 === 0 ? one : two
      const last = await killWhileWorking(victim, random() * 300, n + 1)
      n = last + 1
      one.write(n)
      two.write(n)
      await victim.start()
      await one.shows(atEdge, n)
      await shows(atBoth, n)
      firstHeld ??= held()
    }
    await eventually(
      () => held() <= (firstHeld ?? 0) + 4,
      () => `no more files open than ${firstHeld}: ${held()}`,
    )
    // Half of them hit the edge; each of the others hit one of the composite's sources.
    const logged = (of: Running, pattern: RegExp) => of.output().err.match(pattern)?.length ?? 0
    const backAtEdge = () => logged(edge, /the followed server is back/g)
    const backAtBoth = () => logged(both, /the stream is back/g)
    // Their logs come through pipes, and may come later than the data of their sockets.
    await eventually(
      () => backAtEdge() >= KILLS / 2 && backAtBoth() >= KILLS,
      () => `each return is logged: ${backAtEdge()}, ${backAtBoth()}`,
    )
    expect([backAtEdge(), backAtBoth()]).toEqual([KILLS / 2, KILLS])
    expect(logged(edge, /the followed server is lost/g)).toBeGreaterThanOrEqual(KILLS / 2)
  })
})

describe('paused and resumed', () => {
  test('a server goes on where it was, and so do its readers', async () => {
    const served = await serving()
    const client = served.connect()
    await served.shows(client, 1)
    const before = served.footprint()
    let n = 1
    for (let round = 0; round < 5; round++) {
      served.running?.signal('SIGSTOP')
      for (let i = 0; i < 50; i++) served.write(++n)
      served.running?.signal('SIGCONT')
      await served.shows(client, n)
    }
    await served.filesAgree()
    expect(client.counts).toMatchObject({ reconnects: 0, mismatches: 0 })
    await served.holdsNoMoreThan(before)
    expect(served.log().filter(({ level }) => level >= 40)).toEqual([])
  })

  test('a reader misses nothing, costs the server nothing, and the others are not affected', async () => {
    const served = await serving()
    const well = served.connect()
    const paused = g6(['dashboard', served.url, '--json'])
    await paused.until(/"generation":/)
    await served.shows(well, 1)
    const before = served.footprint()
    paused.signal('SIGSTOP')
    for (let n = 2; n <= 400; n++) {
      served.write(n)
      if (n % 20 === 0) await served.shows(well, n)
    }
    expect(well.counts.reconnects).toBe(0)
    expect(served.footprint().residentKb).toBeLessThan(before.residentKb + 48 * 1024)
    paused.signal('SIGCONT')
    await paused.until(/cycle: 400\b/)
    paused.signal('SIGTERM')
    expect(await paused.exit).toBe(0)
    const { panels } = await served.board()
    const last = JSON.parse(paused.output().out.trim().split('\n').at(-1) ?? '') as {
      panels: Record<string, { hash: string }>
    }
    for (const [key, { hash }] of Object.entries(panels)) expect(last.panels[key]?.hash, key).toBe(hash)
  })
})
