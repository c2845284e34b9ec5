import { describe, expect, test } from 'vitest'
import { clientOptions } from './client-options.js'
import { MEASURES } from './measures.js'
import { parseOptions } from './options.js'

describe('the command line', () => {
  test('measures dispatch, CPU and rate in five rounds unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({
      rounds: 5,
      measures: ['dispatch', 'cpu', 'rate'],
      sizes: { clients: 1000, secs: 4, sizeBytes: 1024, idleReaders: 10_000 },
      check: false,
    })
  })

  test('adds what is named, and knows everything', () => {
    expect(parseOptions(['--gzip', '--idle', '500'])?.measures).toEqual([
      'dispatch',
      'cpu',
      'rate',
      'gzip',
      'idle',
    ])
    expect(parseOptions(['--idle', '500'])?.sizes.idleReaders).toBe(500)
    expect(parseOptions(['--all'])?.measures).toEqual([...MEASURES])
    expect(parseOptions(['--readers', '5,500'])).toMatchObject({
      measures: ['dispatch', 'cpu', 'rate', 'readers'],
      sizes: { readers: [5, 500] },
    })
    expect(parseOptions(['--only', 'idle,cpu', '--gzip'])?.measures).toEqual(['idle', 'cpu'])
  })

  test('is short when asked to be quick, and single settings still win', () => {
    expect(parseOptions(['--quick', '--clients', '50'])).toMatchObject({
      rounds: 2,
      measures: ['dispatch', 'cpu', 'gzip'],
      sizes: { clients: 50, secs: 1 },
    })
  })

  test('gives nothing but help when asked for help', () => {
    expect(parseOptions(['--help'])).toBeNull()
  })

  test.each([
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 100, got 0'],
    [['--size', 'big'], '--size must be a whole number from 400 to 60000, got big'],
    [['--readers', '1,99999'], '--readers must be a whole number from 1 to 20000, got 99999'],
    [
      ['--only', 'cpu,speed'],
      '--only takes dispatch, cpu, rate, gzip, readers, storm, idle, stalled, scrape; got speed',
    ],
  ])('refuses %j and says what is allowed', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})

describe('the client', () => {
  test('needs both ports and runs a closed loop by default', () => {
    expect(() => clientOptions(['--port', '80'])).toThrow(
      '--ctl must be a number from 1 to 65535, got nothing',
    )
    expect(clientOptions(['--port', '80', '--ctl', '81'])).toMatchObject({ rate: 0, window: 16, gzip: false })
  })
})
