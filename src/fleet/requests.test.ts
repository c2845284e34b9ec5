import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { EngineError } from '../redis/connection.js'
import { Requests } from './requests.js'
import { CLEAR, KeySeal, type Seal } from './seal.js'

/** PUB/SUB of one process. */
class Bus {
  readonly #listeners = new Map<string, ((message: string) => void)[]>()
  isGone = false
  readonly commands = {
    send: async ([, channel, message]: readonly unknown[]) => {
      if (this.isGone) throw new EngineError('gone', 'gone')
      for (const listener of this.#listeners.get(String(channel)) ?? []) listener(String(message))
      return 1
    },
  }
  subscribe(channel: string, listener: (message: string) => void): void {
    this.#listeners.set(channel, [...(this.#listeners.get(channel) ?? []), listener])
  }
}

const time = ownTime()

function server(bus: Bus, node: string, seal: Seal = CLEAR) {
  const faults: unknown[] = []
  const requests = new Requests({ seal, timers: time.timers, onFault: error => faults.push(error) })
  requests.start({ link: bus, channel: 'requests', node })
  return { requests, faults }
}

test('the one that can answers, each its own request, and no other server hears of it', async () => {
  const bus = new Bus()
  const [one, two, publisher] = ['a:1.x', 'b:1.y', 'c:1.z'].map(node => server(bus, node).requests)
  if (one === undefined || two === undefined || publisher === undefined) throw new Error('three servers')
  publisher.handler = text => Promise.resolve(`done\n${text}`)
  expect(await Promise.all([one.ask('1'), two.ask('2'), one.ask('3')])).toEqual([
    'done\n1',
    'done\n2',
    'done\n3',
  ])
  // Itself too, if it asks.
  expect(await publisher.ask('4')).toBe('done\n4')
})

test('without an answer in time, with another key, or without Redis there is none', async () => {
  const bus = new Bus()
  const key = new KeySeal([randomBytes(32)])
  const { requests } = server(bus, 'a', key)
  const publisher = server(bus, 'b', new KeySeal([randomBytes(32)]))
  publisher.requests.handler = text => Promise.resolve(text)
  const late = requests.ask('1')
  time.pass(2_000)
  expect(await late).toBe(null)
  bus.isGone = true
  expect(await requests.ask('2')).toBe(null)
  expect(publisher.faults).toEqual([])
})

test('a handler that fails is reported, and what is no request is passed over', async () => {
  const bus = new Bus()
  const { requests, faults } = server(bus, 'a')
  requests.handler = () => Promise.reject(new Error('broken'))
  for (const wrong of ['', 'a', 'a b c', `a 1 ${'x'.repeat(100_000)}`])
    await bus.commands.send(['PUBLISH', 'requests', wrong])
  await bus.commands.send(['PUBLISH', 'requests:a', 'nothing'])
  const late = requests.ask('1')
  time.pass(2_000)
  expect(await late).toBe(null)
  expect(faults).toEqual([new Error('broken')])
})
