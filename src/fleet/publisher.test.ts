import { describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import type { Board } from '../board/board.js'
import type { FleetSource } from './board-text.js'
import { fleetKeys } from './keys.js'
import type { Lease } from './lease.js'
import { Publisher, writeOf } from './publisher.js'

const SOURCE: FleetSource = { state: 'fresh', error: null, age_sec: 1, changed_ago_sec: 1, too_old: false }
const leaseOf = (term: number): Lease => ({ term, node: 'a', text: `${term}:a` })
const own = (board: Board) => ({ board, source: SOURCE })

/** A Redis whose answers the test gives, one by one: base and revision of each write. */
class Engine {
  readonly writes: string[] = []
  readonly waiting: ((answer: unknown) => void)[] = []
  readonly happened: string[] = []
  readonly publisher = new Publisher(
    (_script, _keys, args) => {
      this.writes.push(`${args[0]} ${args[2]} > ${args[3]} r${args[4]}`)
      return new Promise((resolve, reject) =>
        this.waiting.push(answer => (answer instanceof Error ? reject(answer) : resolve(answer))),
      )
    },
    fleetKeys('test', 0, 'a'),
    {
      onFenced: () => this.happened.push('fenced'),
      onLarge: () => this.happened.push('large'),
      onFailed: error => this.happened.push(String(error)),
    },
  )

  async answer(answer: unknown): Promise<void> {
    this.waiting.shift()?.(answer)
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe('the publisher', () => {
  test('writes one at a time: the whole board, then what changed since, with all that came meanwhile in one', async () => {
    const engine = new Engine()
    const next = boardMaker('e1')
    engine.publisher.offer(own(next(textPanel('x', '1'))))
    expect(engine.writes).toEqual([])
    engine.publisher.lead(leaseOf(1))
    engine.publisher.offer(own(next(textPanel('x', '2'))))
    engine.publisher.offer(own(next(textPanel('x', '3'))))
    expect(engine.writes).toEqual(['1:a all > 1 r1'])
    await engine.answer('ok')
    expect(engine.writes).toEqual(['1:a all > 1 r1', '1:a 1 > 3 r2'])
    await engine.answer('ok')
    expect(engine.waiting).toEqual([])
  })

  test('sends the whole board where Redis has another base, and after an answer that never came', async () => {
    const engine = new Engine()
    const next = boardMaker('e1')
    engine.publisher.lead(leaseOf(1))
    engine.publisher.offer(own(next(textPanel('x', '1'))))
    await engine.answer('ok')
    engine.publisher.offer(own(next(textPanel('x', '2'))))
    await engine.answer('base')
    expect(engine.writes.at(-1)).toBe('1:a all > 2 r3')
    await engine.answer(new Error('no answer'))
    expect(engine.happened).toEqual(['Error: no answer'])
    engine.publisher.found(null)
    expect(engine.writes.at(-1)).toBe('1:a all > 2 r4')
  })

  test('writes again what a beat does not find, and nothing when it is there', async () => {
    const engine = new Engine()
    engine.publisher.lead(leaseOf(1))
    engine.publisher.offer(own(boardMaker('e1')(textPanel('x', '1'))))
    engine.publisher.found(null)
    await engine.answer('ok')
    const head = { epoch: 'e1', generation: 1, term: 1, revision: 1 }
    engine.publisher.found(head)
    expect(engine.writes).toHaveLength(1)
    engine.publisher.found({ ...head, revision: 0 })
    expect(engine.writes).toEqual(['1:a all > 1 r1', '1:a all > 1 r2'])
  })

  test('stops when it is fenced, and does not take the answer of an earlier term for the present one', async () => {
    const engine = new Engine()
    engine.publisher.lead(leaseOf(1))
    engine.publisher.offer(own(boardMaker('e1')(textPanel('x', '1'))))
    engine.publisher.lead(leaseOf(2))
    await engine.answer('fenced')
    expect([engine.happened, engine.writes.at(-1)]).toEqual([[], '2:a all > 1 r2'])
    await engine.answer('fenced')
    engine.publisher.found(null)
    expect([engine.happened, engine.writes.length]).toEqual([['fenced'], 2])
  })

  test('gives up where others write too, until the next beat', async () => {
    const engine = new Engine()
    engine.publisher.lead(leaseOf(1))
    engine.publisher.offer(own(boardMaker('e1')(textPanel('x', '1'))))
    for (let i = 0; i < 3; i++) await engine.answer('old')
    expect(engine.happened).toEqual(['Error: the board in Redis is written by others too'])
    expect(engine.writes).toHaveLength(3)
  })

  test('does not share a board over 4 MiB, says so once for each board, and shares a smaller one again', async () => {
    const engine = new Engine()
    const next = boardMaker('e1')
    engine.publisher.lead(leaseOf(1))
    const large = own(next(textPanel('x', 'y'.repeat(3 * 1024 * 1024))))
    engine.publisher.offer(large)
    engine.publisher.found(null)
    expect([engine.happened, engine.writes]).toEqual([['large'], []])
    engine.publisher.offer(own(next(textPanel('x', '1'))))
    await engine.answer('nothing waits')
    expect(engine.writes).toEqual(['1:a all > 2 r2'])
  })
})

test('a write holds what changed since the base, or everything', () => {
  const next = boardMaker('e1')
  next(textPanel('x', '1'), textPanel('y', '1'))
  const board = next(textPanel('x', '2'))
  const step = writeOf(own(board), leaseOf(1), 1, 7)
  const whole = writeOf(own(board), leaseOf(1), null, 8)
  if (step === 'large' || whole === 'large') throw new Error('too large')
  expect([step.panels.map(({ key }) => key), step.removed, step.base]).toEqual([['x'], ['y'], 1])
  expect([whole.panels.map(({ key }) => key), whole.removed, whole.base]).toEqual([['x'], [], null])
})
