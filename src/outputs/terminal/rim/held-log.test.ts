import { describe, expect, test } from 'vitest'
import { HeldLog } from './held-log.js'

function held() {
  const lines: string[] = []
  return { log: new HeldLog({ write: text => lines.push(text) }), lines }
}

describe('a held log', () => {
  test('gives its lines out when the screen is free, and later ones at once', () => {
    const { log, lines } = held()
    log.write('a\n')
    expect(lines).toEqual([])
    log.release()
    log.write('b\n')
    log.release()
    expect(lines).toEqual(['a\n', 'b\n'])
  })

  test('keeps the last 200 and says how many it did not', () => {
    const { log, lines } = held()
    for (let i = 0; i < 1_000; i++) log.write(`${i}\n`)
    log.release()
    expect(lines[0]).toBe('(800 earlier log lines are not shown)\n')
    expect(lines[1]).toBe('800\n')
    expect(lines).toHaveLength(201)
  })
})
