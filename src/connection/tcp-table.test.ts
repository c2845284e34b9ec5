import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { addWaiting, endsOf, WaitingBytes } from './tcp-table.js'
import { tcpTable } from './tcp-table-files.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const REST = '01:00000012 00000000     0        0 24356 2 0000000000000000 20 4 30 10 -1'

function waitingIn(...rows: readonly string[]): WaitingBytes {
  const waiting = new WaitingBytes()
  addWaiting(waiting, [HEAD, ...rows.map(row => `   0: ${row} ${REST}`)])
  return waiting
}

test('bytes that a peer has not acknowledged wait', () => {
  // 10.77.1.1:9329, 10.77.1.2:50000; on a machine of the usual byte order.
  expect(
    waitingIn('01014D0A:2471 02014D0A:C350 01 00001008:00000000').of('10.77.1.1:9329 10.77.1.2:50000'),
  ).toBe(0x1008)
})

test('bytes that a peer on this machine has not read wait for the same connection', () => {
  const rows = [
    '0100007F:2471 0100007F:C350 01 00000010:00000000',
    '0100007F:C350 0100007F:2471 01 00000000:00000020',
  ]
  expect(waitingIn(...rows).of('127.0.0.1:9329 127.0.0.1:50000')).toBe(0x30)
})

test('a connection with empty queues is absent', () => {
  expect(waitingIn('0100007F:2471 0100007F:C350 01 00000000:00000000').size).toBe(0)
})

test('an IPv4 client of a server on IPv6 is the same as on IPv4', () => {
  const mapped = '0000000000000000FFFF0000'
  expect(
    waitingIn(`${mapped}0100007F:2471 ${mapped}0100007F:C350 01 00000010:00000000`).of(
      '127.0.0.1:9329 127.0.0.1:50000',
    ),
  ).toBe(0x10)
  expect(endsOf('::ffff:127.0.0.1', 9329, '::ffff:127.0.0.1', 50_000)).toBe('127.0.0.1:9329 127.0.0.1:50000')
})

test('an IPv6 address is spelled as Node spells it', () => {
  const address = 'B80D0120000000000000000001000000'
  expect(
    waitingIn(`${address}:2471 ${address}:C350 01 00000010:00000000`).of(
      '2001:db8::1:9329 2001:db8::1:50000',
    ),
  ).toBe(0x10)
})

test('lines that are no rows are passed over', () => {
  expect(waitingIn('0100007F:2471 00:C350 01 00000010:00000000', 'x', '').size).toBe(0)
  fc.assert(
    fc.property(fc.array(fc.string()), lines => {
      const waiting = new WaitingBytes()
      addWaiting(waiting, lines)
      expect(waiting.size).toBe(0)
    }),
  )
})

test('a table is read whole, whatever its size, and also where one file is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-table-'))
  folders.push(folder)
  const path = join(folder, 'tcp')
  const port = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0')
  const rows = Array.from(
    { length: 2_000 },
    (_, n) => `${n}: 0100007F:2471 0100007F:${port(n + 1)} 01 00000001:00000000 ${REST}`,
  )
  writeFileSync(path, `${[HEAD, ...rows].join('\n')}\n`)
  expect((await tcpTable([path, join(folder, 'none')]).read())?.size).toBe(2_000)
})

test('another system has no table', async () => {
  expect(await tcpTable([join(tmpdir(), 'g6-no-such-folder', 'tcp')]).read()).toBe(null)
})
