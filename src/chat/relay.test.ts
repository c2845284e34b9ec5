import { expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import { silentLog } from '../log/log.js'
import type { ChatConfig } from './chat-config.js'
import type { LogStore, StreamFacts } from './log/chat-log.js'
import { MemoryLog } from './log/memory-log.js'
import { noAudit } from './ports.js'
import { Relay } from './relay.js'

const FACTS: StreamFacts = { streamId: 's', owner: null, identified: false, connectionId: 'c' }

/** A relay that runs nothing, before a store that other instances share. */
function start() {
  const askedToStop: string[] = []
  const store: LogStore = {
    attach: () => {},
    create: () => new MemoryLog(1_000),
    find: () => null,
    askStop: ({ streamId }) => askedToStop.push(streamId) > 0,
    expire: () => {},
    remove: () => {},
    close: async () => {},
  }
  const never = (): never => {
    throw new Error('nothing is asked here')
  }
  const relay = new Relay({
    config: never as () => ChatConfig,
    store,
    edge: never,
    audit: noAudit,
    log: silentLog,
    ...ownTime(),
  })
  return { relay, askedToStop }
}

test('a stop is passed on when the stream runs elsewhere, and not when it has ended', async () => {
  const { relay, askedToStop } = start()
  const log = new MemoryLog(1_000)
  await relay.stop({ facts: FACTS, log })
  expect(askedToStop).toEqual(['s'])
  log.append('the end', true)
  log.close('whole')
  await relay.stop({ facts: FACTS, log })
  expect(askedToStop).toEqual(['s'])
})
