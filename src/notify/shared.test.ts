import { expect, test } from 'vitest'
import { SILENT } from '../log/silent.js'
import type { Notification } from './message.js'
import type { Entry } from './outbox.js'
import { type Decider, SharedKeep, type SharedState } from './shared.js'
import { type ChangeText, entryTextOf, type Kept } from './stored.js'

const NOW = { wallMs: 1_000, monotonicMs: 1_000 }

/** The shared place of two servers, `a` and `b`; one of them leads. */
class Place {
  leader = 'a'
  isAway = false
  text: string | null = null

  of(name: string): SharedState {
    const check = (): void => {
      if (this.isAway) throw new Error('away')
    }
    return {
      seat: () => (this.isAway ? 'alone' : this.leader === name ? 'leading' : 'following'),
      put: async text => {
        check()
        if (this.leader !== name) return false
        this.text = text
        return true
      },
      get: async () => {
        check()
        return this.text === null ? null : { text: this.text, wallMs: 1_000 }
      },
    }
  }
}

function entry(id: string): Entry {
  const message: Notification = {
    ...{ schema_version: 'v1', id, incident: id, rule: 'r', event: 'begin', title: id, condition: 'c' },
    ...{ verdict: 'failing', reasons: [], at: 1, since: 1, lasted_sec: 0, repeats: 0, link: null },
  }
  return { target: 't', message, addedAt: NOW }
}

class Server implements Decider {
  entries: Entry[] = []
  isDeciding = false
  readonly keep: SharedKeep

  constructor(place: Place, name: string) {
    this.keep = new SharedKeep({ shared: place.of(name), decider: () => this, now: () => NOW, log: SILENT })
  }

  whole(): ChangeText {
    return { add: this.entries.map(one => entryTextOf(one, NOW)) }
  }
  load({ entries }: Kept, withEntries: boolean): void {
    if (withEntries) this.entries = [...entries]
  }
  setDeciding(isDeciding: boolean): void {
    this.isDeciding = isDeciding
  }
  forgetEntries(): void {
    this.entries = []
  }

  get ids(): readonly string[] {
    return this.entries.map(({ message }) => message.id)
  }

  /** A cycle. */
  async look(): Promise<void> {
    this.keep.look()
    for (let i = 0; i < 10; i++) await Promise.resolve()
  }

  async decide(id: string): Promise<void> {
    this.entries.push(entry(id))
    await this.keep.save()
  }
}

function servers() {
  const place = new Place()
  return { place, a: new Server(place, 'a'), b: new Server(place, 'b') }
}

test('only the publisher decides, and the next one goes on from what it kept', async () => {
  const { place, a, b } = servers()
  await a.look()
  await b.look()
  expect([a.isDeciding, b.isDeciding]).toEqual([true, false])
  await a.decide('x')
  place.leader = 'b'
  await b.look()
  await a.look()
  expect([a.isDeciding, b.isDeciding]).toEqual([false, true])
  expect([a.ids, b.ids]).toEqual([[], ['x']])
})

test('what a server decides after it lost its place is not sent', async () => {
  const { place, a } = servers()
  await a.look()
  place.leader = 'b'
  await a.decide('late')
  expect(a.isDeciding).toBe(false)
  expect(a.ids).toEqual([])
})

test('while the place is away the last publisher goes on, and writes all when it is back', async () => {
  const { place, a, b } = servers()
  await a.look()
  place.isAway = true
  await Promise.all([a.look(), b.look()])
  await a.decide('x')
  expect([a.isDeciding, b.isDeciding]).toEqual([true, false])
  expect(a.ids).toEqual(['x'])
  place.isAway = false
  await a.look()
  expect(place.text).toContain('"x"')
})

test('what could not be kept is still delivered by the server that decided it', async () => {
  const { place, a } = servers()
  await a.look()
  place.isAway = true
  await a.decide('x')
  place.isAway = false
  place.leader = 'b'
  await a.look()
  expect([a.isDeciding, a.ids]).toEqual([false, ['x']])
})

test('a place that cannot be read is read again with the next cycle', async () => {
  const { place, a } = servers()
  place.isAway = true
  const shared = place.of('a')
  const keep = new SharedKeep({
    shared: { ...shared, seat: () => 'leading' },
    decider: () => a,
    now: () => NOW,
    log: SILENT,
  })
  keep.look()
  for (let i = 0; i < 10; i++) await Promise.resolve()
  expect(a.isDeciding).toBe(false)
  place.isAway = false
  place.text = '{"add":5}'
  keep.look()
  for (let i = 0; i < 10; i++) await Promise.resolve()
  // Damage is no reason to stay silent.
  expect(a.isDeciding).toBe(true)
})
