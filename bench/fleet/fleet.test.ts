import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { complaintsOf } from '../output.js'
import { StreamReader } from './reader.js'
import { type FleetReport, fleetFigures } from './run.js'

test('a reader has the id of the last event, also when that comes in pieces, and sends it when it comes back', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200)
    response.write('event: hello\ndata: {}\n\nid: e1-7\n')
    setImmediate(() => response.write('event: full_snapshot\ndata: {}\n\n'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const first = new StreamReader(url)
  await first.until(/full_snapshot[\s\S]*\n\r?\n/)
  expect(first.id).toBe('e1-7')
  const again = new StreamReader(url, first.id)
  await again.until(/full_snapshot/)
  expect([asked, again.isOpen]).toEqual([[undefined, 'e1-7'], true])
  first.close()
  again.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

test('what is over its limit is named', () => {
  const spread = { median: 1, min: 1, max: 1, count: 1 }
  const storm = { allBackMs: 1, readings: 0, commands: 3, idleCommands: 3, readers: 5 }
  const report: FleetReport = {
    wayMs: { ...spread, p50: 1, p99: 1 },
    stoppedMs: spread,
    killedMs: { ...spread, max: 8_000 },
    redisCores: 0.01,
    redisNodes: 10,
    storm: { ...storm, readings: 1 },
  }
  expect(complaintsOf(fleetFigures(report))).toEqual([
    'publisher killed, next board at all readers: 8000 ms, the limit is 7000 ms',
    'storm, readings of the board in Redis: 1, the limit is 0',
  ])
})
