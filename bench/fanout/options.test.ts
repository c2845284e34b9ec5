import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { clientOptions } from './client-options.js'
import { MEASURES } from './measures.js'
import { type Flags, fanoutOptions, optionsOf } from './options.js'

function parse(...args: readonly string[]) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  return optionsOf(fanoutOptions(command).parse(args, { from: 'user' }).opts<Flags>())
}

describe('the command line', () => {
  test('measures dispatch, CPU and rate in five rounds by default', () => {
    expect(parse()).toMatchObject({
      rounds: 5,
      measures: ['dispatch', 'cpu', 'rate'],
      sizes: { clients: 1000, secs: 4, sizeBytes: 1024, idleReaders: 10_000 },
      check: false,
      against: null,
    })
  })

  test('adds what is named, and knows everything', () => {
    expect(parse('--gzip', '--idle', '500').measures).toEqual(['dispatch', 'cpu', 'rate', 'gzip', 'idle'])
    expect(parse('--idle', '500').sizes.idleReaders).toBe(500)
    expect(parse('--all').measures).toEqual([...MEASURES])
    expect(parse('--readers', '5,500')).toMatchObject({
      measures: ['dispatch', 'cpu', 'rate', 'readers'],
      sizes: { readers: [5, 500] },
    })
    expect(parse('--only', 'idle,cpu', '--gzip').measures).toEqual(['idle', 'cpu'])
  })

  test('lists servers in the order of the report', () => {
    expect(parse('--servers', 'bare,ours').servers).toEqual(['ours', 'bare'])
  })

  test('is short with --quick, and single settings still win', () => {
    expect(parse('--quick', '--clients', '50')).toMatchObject({
      rounds: 2,
      measures: ['dispatch', 'cpu', 'gzip'],
      sizes: { clients: 50, secs: 1 },
    })
  })

  test.each([
    [['--rounds', '0'], 'allowed: a whole number from 1 to 100'],
    [['--size', 'big'], 'allowed: a whole number from 400 to 60000'],
    [['--readers', '1,99999'], 'allowed: a whole number from 1 to 20000'],
    [['--readers', '1,1,1,1,1,1,1,1,1,1,1'], 'allowed: at most 10 of them'],
    [['--only', 'cpu,speed'], 'allowed: dispatch, cpu, rate, gzip, readers, storm, idle, stalled, scrape'],
  ])('refuses %j and says what is allowed', (args, message) => {
    expect(() => parse(...args)).toThrow(message)
  })
})

describe('the client', () => {
  test('needs both ports and runs a closed loop by default', () => {
    expect(() => clientOptions(['--port', '80'])).toThrow("required option '--ctl <n>' not specified")
    expect(() => clientOptions(['--port', '80', '--ctl', '0'])).toThrow('a whole number from 1 to 65535')
    expect(clientOptions(['--port', '80', '--ctl', '81'])).toMatchObject({ rate: 0, window: 16, gz: false })
  })
})
