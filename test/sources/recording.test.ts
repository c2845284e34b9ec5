// `g6 record` as a person runs it: killed while it writes, it leaves a recording that `g6 replay check` takes.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { linesOf, MAX_LINE_BYTES } from '../../src/sources/recording.js'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-record-'))
afterEach(() => endAll())
afterAll(() => rmSync(folder, { recursive: true }))

test('a recording of a file outlives the process, is checked, and is served', async () => {
  const [status, file] = [join(folder, 'status.json'), join(folder, 'run.g6rec')]
  const size = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  writeFileSync(status, JSON.stringify({ status: 'ok', depth: 1 }))
  const recorder = g6(['record', file, '--source', status])
  await eventually(() => size() > 0, 'the header')
  const first = size()
  writeFileSync(status, JSON.stringify({ status: 'ok', depth: 2 }))
  await eventually(() => size() > first, 'a reading')
  recorder.signal('SIGKILL')
  const recordedBefore = Date.now()
  await recorder.exit

  const check = g6(['replay', 'check', file])
  expect(await check.exit).toBe(0)
  expect(check.output().out).toMatch(/^[1-9]\d* readings?, 0 boards differ\n$/)
  const again = g6(['record', file, '--source', status])
  expect(await again.exit).toBe(1)
  expect(again.output().err).toContain('EEXIST')

  const server = g6([
    'serve',
    '--port',
    '0',
    '--source',
    `replay:${file}`,
    '--speed',
    '10',
    '--no-write-panels',
  ])
  const url = await server.url()
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the first board')
  const played = async () =>
    (
      (await (await fetch(`${url}/summary/health`)).json()) as {
        recording?: Readonly<Record<string, unknown>>
      }
    ).recording
  await eventually(async () => (await played())?.ended === true, 'the end of the recording')
  expect(Number((await played())?.now)).toBeLessThan(recordedBefore)
  const wrong = g6(['serve', '--port', '0', '--source', status, '--loop'])
  expect(await wrong.exit).toBe(1)
  expect(wrong.output().err).toContain('--from, --speed and --loop are for a recording')

  const boards = join(folder, 'boards.g6rec')
  const ofServer = g6(['record', boards, '--from-server', url, '--for', '1d'])
  const hasBoard = async (): Promise<boolean> => {
    for await (const { bytes } of linesOf(boards, MAX_LINE_BYTES))
      if (Buffer.from(bytes ?? []).includes('"keys":[')) return true
    return false
  }
  await eventually(() => existsSync(boards) && hasBoard(), 'its board')
  ofServer.signal('SIGTERM')
  expect(await ofServer.exit).toBe(0)
  const ofBoards = g6(['serve', '--port', '0', '--source', `replay:${boards}`, '--no-write-panels'])
  const shownUrl = await ofBoards.url()
  const hashes = async (base: string) => {
    const { panels } = (await (await fetch(`${base}/summary/resync`)).json()) as {
      readonly panels: Readonly<Record<string, { readonly hash: string }>>
    }
    return Object.entries(panels).map(([key, { hash }]) => [key, hash])
  }
  await eventually(async () => (await fetch(`${shownUrl}/readyz`)).ok, 'the recorded board')
  expect(await hashes(shownUrl)).toEqual(await hashes(url))
})
