import { describe, expect, test } from 'vitest'
import { HeldLog } from './held-log.js'

function held() {
  const lines: string[] = []
  return { log: new HeldLog({ write: text => lines.push(text) }), lines }
}

describe('a held log', () => {
  test('keeps its lines until they are taken, and passes later ones', () => {
    const { log, lines } = held()
    log.write('a\n')
    expect(log.take()).toBe('a\n')
    expect(log.take()).toBe('')
    log.pass()
    log.write('b\n')
    expect(lines).toEqual(['b\n'])
  })

  test('keeps the last 200 and the count of earlier ones', () => {
    const { log } = held()
    for (let i = 0; i < 1_000; i++) log.write(`${i}\n`)
    const taken = log.take().split('\n')
    expect(taken[0]).toBe('(800 earlier log lines are not shown)')
    expect(taken[1]).toBe('800')
    expect(taken).toHaveLength(202)
  })

  test('writes nothing after silence()', () => {
    const { log, lines } = held()
    log.silence()
    log.write('a\n')
    expect(lines).toEqual([])
    expect(log.take()).toBe('')
  })
})
