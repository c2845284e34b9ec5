// Many feeds: readers that ask for as many different subsets. The clock of these tests advances with every look at it, so encoding
// takes its time.
import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, publish, underHandClock } from '../../test/support/hub-rig.js'

underHandClock()

const KEYS = Array.from({ length: 100 }, (_, i) => `p${i}`)
const boardOf = (next: ReturnType<typeof boardMaker>, text: string) =>
  next(...KEYS.map(key => textPanel(key, text)))

function start() {
  let nowMs = 0
  const hub = createHub({}, { clock: { nowMs: () => 0, monotonicMs: () => nowMs++ } })
  const next = boardMaker()
  publish(hub, boardOf(next, '0'))
  const readers = KEYS.map(key => join(hub, { subset: [key] }))
  const upToDate = (text: string): number =>
    readers.filter(({ reader }, i) => reader.panels.get(`p${i}`)?.lines[0] === text).length
  return { hub, next, readers, upToDate }
}
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a hundred feeds', () => {
  test('do not get their updates in one turn of the event loop, and all get them', async () => {
    const { hub, next, upToDate } = start()
    publish(hub, boardOf(next, '1'))
    expect(upToDate('1')).toBeGreaterThan(0)
    expect(upToDate('1')).toBeLessThan(20)
    for (let turns = 0; upToDate('1') < 100; turns++) {
      expect(turns).toBeLessThan(100)
      await turn()
    }
    expect(hub.stats()).toMatchObject({ behind: 0, eventsMerged: 0 })
  })

  test('that were not reached when the next boards came get one update for all of them', async () => {
    const { hub, next, readers, upToDate } = start()
    for (let n = 1; n <= 5; n++) publish(hub, boardOf(next, String(n)))
    while (upToDate('5') < 100) await turn()
    const last = readers.at(-1)?.reader.events.map(({ event }) => event)
    expect(last?.filter(name => name === 'panel_update')).toHaveLength(1)
  })

  test('bring a reader that joins one of them to the newest board at once', async () => {
    const { hub, next, upToDate } = start()
    publish(hub, boardOf(next, '1'))
    const { reader, transport } = join(hub, { subset: ['p99'] })
    expect(reader.panels.get('p99')?.lines).toEqual(['1'])
    transport.stall()
    while (upToDate('1') < 100) await turn()
    expect(reader.events.map(({ event }) => event)).toEqual(['hello', 'full_snapshot'])
  })

  test('get what they lack when the hub closes in between', async () => {
    const { hub, next, upToDate } = start()
    publish(hub, boardOf(next, '1'))
    const closing = hub.close(0)
    expect(upToDate('1')).toBe(100)
    await closing
  })
})
