// Runs the blocks of the docs marked `sh run` against a server, line by line.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { endAll, g6 } from '../support/g6.js'
import { allPages } from './pages.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The exit code of curl after its time limit (`-m`): how to read a stream for a while. */
const CURL_TIMED_OUT = 28

afterEach(endAll)

function shell(line: string): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.once('error', reject)
    child.once('close', code => resolve({ code, out }))
  })
}

test('every line of a block marked to be run gives an answer', async () => {
  const lines = allPages(ROOT).flatMap(({ path, blocks }) =>
    blocks
      .filter(({ info }) => info === 'sh run')
      .flatMap(block => block.lines)
      .filter(line => line.trim() !== '')
      .map(line => ({ path, line })),
  )
  expect(lines.length).toBeGreaterThan(5)
  const server = g6([
    'serve',
    '--port',
    '0',
    '--no-write-panels',
    '--status-file',
    'test/fixtures/status-full.json',
  ])
  const { host } = new URL(await server.url())
  const failed: object[] = []
  for (const each of lines) {
    const { code, out } = await shell(each.line.replaceAll('localhost:9329', host))
    const ended = code === 0 || (code === CURL_TIMED_OUT && each.line.includes(' -m '))
    if (!ended || out === '' || out.includes('urn:g6-stream:error')) failed.push({ ...each, code, out })
  }
  expect(failed).toEqual([])
})
