import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Moment } from '../clock/moment.js'
import { changesIn, Journal, lineOf } from './journal.js'
import type { Notification } from './message.js'
import { type ChangeText, keptOf, NOTHING_KEPT, stateTextOf } from './stored.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(folder, `${++files}`, 'notify.state')

const NOW: Moment = { wallMs: 1_000_000, monotonicMs: 5_000 }

function message(id: string): Notification {
  return {
    ...{ schema_version: 'v1', id, incident: id, rule: 'r', event: 'begin', title: `title ${id} é` },
    ...{ condition: 'c', verdict: 'failing', reasons: ['a', 'b'], at: 1, since: 1, lasted_sec: 0 },
    ...{ repeats: 0, link: null },
  }
}
const add = (id: string, state?: ChangeText['state']): ChangeText => ({
  add: [{ target: 't', added: 999_000, message: message(id) }],
  ...(state === undefined ? {} : { state }),
})
const idsOf = (changes: readonly ChangeText[]): readonly string[] =>
  keptOf(changes, NOW).entries.map(entry => entry.message.id)

/** A journal of the changes so far, as a program has it. */
function journalAt(path: string, model: () => readonly ChangeText[], onFault = (_: string | null) => {}) {
  const whole = (): ChangeText => ({
    add: keptOf(model(), NOW).entries.map(({ target, message: of }) => ({
      target,
      added: 999_000,
      message: of,
    })),
  })
  return new Journal({ path, whole, onFault })
}

describe('the journal', () => {
  test('gives after a restart what was kept, to its owner alone', async () => {
    const path = newPath()
    const changes = [add('a'), add('b'), { remove: ['a t'] }]
    const seen: ChangeText[] = []
    const journal = journalAt(path, () => seen)
    for (const change of changes) {
      seen.push(change)
      await journal.save(change)
    }
    await journal.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const read = await journalAt(path, () => []).read()
    expect(read.damaged).toBe(0)
    expect(idsOf(read.changes)).toEqual(['b'])
  })

  // NOTIFY_KILLS=1000 for the long run.
  const KILLS = Number(process.env.NOTIFY_KILLS ?? 30)
  test(`loses nothing that it kept, wherever a crash cuts the next write (${KILLS} times)`, async () => {
    const path = newPath()
    let kept: ChangeText[] = []
    let n = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const journal = journalAt(path, () => kept)
      // What a start reads is what the last run kept, whole.
      const read = await journal.read()
      expect(idsOf(read.changes)).toEqual(idsOf(kept))
      kept = [...read.changes]
      const saves = 1 + Math.floor(Math.random() * 4)
      for (let i = 0; i < saves; i++) {
        const ids = idsOf(kept)
        const change = Math.random() < 0.4 && ids.length > 0 ? { remove: [`${ids[0]} t`] } : add(`m${++n}`)
        kept = [...kept, change]
        await journal.save(change)
      }
      const durable = statSync(path).size
      await journal.close()
      // The process dies within the next write.
      const next = Buffer.from(lineOf(add(`m${++n}`)))
      writeFileSync(path, next, { flag: 'a' })
      truncateSync(path, durable + Math.floor(Math.random() * next.length))
    }
    expect((await journalAt(path, () => kept).read()).changes.length).toBeGreaterThan(0)
  }, 600_000)

  test('reads no further than to the damage of a line, and the lines after it', () => {
    const lines = [lineOf(add('a')), lineOf(add('b')), lineOf(add('c'))]
    const broken = lines[1]?.replace('"b"', '"x"') ?? ''
    const read = changesIn([lines[0], broken, lines[2], '00000000 \n', 'half'].join(''))
    expect(read.damaged).toBe(3)
    expect(idsOf(read.changes)).toEqual(['a', 'c'])
    expect(changesIn('')).toEqual({ changes: [], damaged: 0 })
  })

  test('of any bytes never throws, and damage to one byte costs one change', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void changesIn(text)))
    const bytes = Buffer.from(['a', 'b', 'c'].map(id => lineOf(add(id))).join(''))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(bytes)
        damaged[at] = byte
        const left = idsOf(changesIn(damaged.toString()).changes)
        // A line break less joins two lines.
        expect(left.length).toBeGreaterThanOrEqual(1)
        expect(['a', 'b', 'c']).toEqual(expect.arrayContaining([...left]))
      }),
    )
  })

  test('stays small: it is replaced by what it says', async () => {
    const path = newPath()
    let seen: ChangeText[] = []
    const journal = journalAt(path, () => seen)
    for (let i = 0; i < 40; i++) {
      const batch = Array.from({ length: 40 }, (_, j) => add(`${i}.${j}`))
      seen = batch.slice(0, 1)
      await Promise.all(batch.map(change => journal.save(change)))
    }
    await journal.close()
    expect(statSync(path).size).toBeLessThan(600 * 1024)
  })

  test('says once that it cannot be written, and once that it can', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const path = join(file, 'notify.state')
    const faults: (string | null)[] = []
    const seen = [add('a')]
    const journal = journalAt(
      path,
      () => seen,
      code => faults.push(code),
    )
    await journal.save(add('a'))
    await journal.save({ remove: ['x t'] })
    expect(faults).toEqual(['ENOTDIR'])
    rmSync(file)
    await journal.save({ remove: ['y t'] })
    expect(faults).toEqual(['ENOTDIR', null])
    await journal.close()
    expect(readFileSync(path, 'utf8')).toContain('"id":"a"')
  })
})

test('times are those of the wall where they are kept, and of this process where they are read', () => {
  const at = (ms: number): Moment => ({ wallMs: NOW.wallMs - ms, monotonicMs: NOW.monotonicMs - ms })
  const incident = { id: 'i', sentAt: at(3_000), repeats: 2, isAcknowledged: true }
  const state = { since: at(9_000), incident, count: 4, beganAt: at(8_000) }
  const mute = { id: 'm', fromMs: 1, untilMs: 2, reason: 'r', rules: ['x'] }
  const kept = { rules: new Map([['x', { text: 'c', state }]]), mutes: [mute] }
  const text = stateTextOf(kept, NOW)
  if (text === undefined) throw new Error('nothing is kept')
  // Another process, with a clock of its own.
  const later: Moment = { wallMs: NOW.wallMs + 60_000, monotonicMs: 77 }
  const read = keptOf([{ state: text }], later)
  expect(read.mutes).toEqual([mute])
  expect(read.rules.get('x')?.state).toMatchObject({
    since: { wallMs: NOW.wallMs - 9_000, monotonicMs: 77 - 69_000 },
    incident: { id: 'i', repeats: 2, isAcknowledged: true, sentAt: { monotonicMs: 77 - 63_000 } },
    count: 4,
  })
  // A clock that was set back: no time has passed, and none is owed.
  const back = keptOf([{ state: text }], { wallMs: 1, monotonicMs: 77 })
  expect(back.rules.get('x')?.state.since).toMatchObject({ monotonicMs: 77 })
  expect(keptOf([], NOW)).toEqual(NOTHING_KEPT)
})
