// Standard input, as real pipes of real programs.
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { type StdinOptions, StdinSource } from '../../src/sources/stdin.js'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'
import { Readings } from '../support/readings.js'

const cleaning: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
  await endAll()
})

function piped(script: string, options: Partial<StdinOptions> = {}) {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const input: Readable = child.stdout
  const source = new StdinSource({ form: 'any', keep: 3, maxBytes: 1_000_000, input, ...options })
  const exit = new Promise(resolve => child.once('exit', resolve))
  cleaning.push(async () => {
    await source.close()
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await exit
  })
  return { readings: new Readings(source), write: (text: string) => child.stdin.write(text) }
}

const last = ({ all }: Readings) => all.at(-1)
const statusIn = (readings: Readings) => {
  const reading = last(readings)
  return reading?.ok ? reading.status : null
}
const becomes = (readings: Readings, wanted: unknown) =>
  eventually(
    () => JSON.stringify(statusIn(readings)) === JSON.stringify(wanted),
    () => `${JSON.stringify(last(readings))} became ${JSON.stringify(wanted)}`,
  )

describe('lines', () => {
  test('that are objects are rows, the newest first, of which some are kept', async () => {
    const { readings, write } = piped('cat')
    write('\n{"n":1}\n')
    await becomes(readings, { n: 1 })
    write('{"n":2}\n{"n":3}\n{"n"')
    await becomes(readings, { items: [{ n: 3 }, { n: 2 }, { n: 1 }] })
    write(':4}\nplain \u00e4\r\n')
    await becomes(readings, { items: [{ line: 'plain ä' }, { n: 4 }, { n: 3 }] })
  })

  test('of text are rows of one column, also one line alone', async () => {
    await becomes(piped("printf 'hello\\n'").readings, { items: [{ line: 'hello' }] })
    await becomes(piped(`printf '{"a":1}\\n'`, { form: 'lines' }).readings, { items: [{ a: 1 }] })
  })

  test('half a character at the end, and bytes that are none', async () => {
    const { readings } = piped(`printf 'a\\303\\nb\\377c\\n\\303'`)
    await becomes(readings, { items: [{ line: '\ufffd' }, { line: 'b\ufffdc' }, { line: 'a\ufffd' }] })
  })

  test('one of 100 MB is left out in bounded memory', async () => {
    const before = process.memoryUsage().rss
    const { readings } = piped(`echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last`)
    await becomes(readings, { items: [{ line: 'last' }, { line: 'first' }] })
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024)
  })

  test('together are no larger than a document may be', async () => {
    const { readings } = piped('for i in 1 2 3 4; do echo "$i$(printf %0400d 0)"; done', {
      keep: 100,
      maxBytes: 1_000,
    })
    const items = await eventually(() => {
      const status = statusIn(readings)
      return Array.isArray(status?.items) && String(status.items[0]?.line).startsWith('4')
        ? status.items
        : null
    }, 'the last line')
    expect(items).toHaveLength(2)
  })
})

describe('documents', () => {
  test('replace each other, pretty or not', async () => {
    const { readings, write } = piped('cat')
    write('{\n "n": 1\n}\n')
    await becomes(readings, { n: 1 })
    write('{"n":2} {"n":3}')
    await becomes(readings, { n: 3 })
  })

  test('a broken one is a fault, and the next one is read', async () => {
    const { readings, write } = piped('cat', { form: 'json' })
    write('nonsense\n')
    expect(await readings.bad()).toMatchObject({ error: 'not_json' })
    write('{"n":1}\n')
    expect((await readings.good()).status).toEqual({ n: 1 })
    write(`{"n":"${'x'.repeat(1_100_000)}"}\n`)
    expect(await readings.bad()).toMatchObject({
      error: 'too_large',
      message: expect.stringMatching(/larger than 1000000 bytes/),
    })
    write('{"n":2}\n')
    expect((await readings.good()).status).toEqual({ n: 2 })
  })

  test('a fast writer makes few readings, and the last one counts', async () => {
    const { readings } = piped(`i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "{\\"n\\":$i}"; done`, {
      form: 'json',
    })
    await becomes(readings, { n: 20_000 })
    expect(readings.all.length).toBeLessThan(100)
  })
})

describe('the end', () => {
  test('leaves the last reading, and nothing at all is a fault', async () => {
    const { readings } = piped(`printf '{"a":\\n1}'`)
    await becomes(readings, { a: 1 })
    expect(await piped('true').readings.bad()).toMatchObject({
      error: 'missing',
      message: expect.stringMatching(/ended before anything came/),
    })
  })

  test('after close nothing is read and nothing waits', async () => {
    const { readings } = piped('yes 2>/dev/null')
    await readings.good()
    await readings.source.close()
    const count = readings.all.length
    await new Promise(resolve => setImmediate(resolve))
    expect(readings.all.length).toBe(count)
  })
})

test('the real command shows what is piped into it', async () => {
  const shown = g6(
    ['snapshot', '--source', 'stdin:'],
    {},
    { via: ['/bin/sh', '-c', `printf '{"app":{"name":"piped"},"status":"ok"}' | "$@"`, 'sh'] },
  )
  expect(await shown.exit).toBe(0)
  expect(shown.output().out).toMatch(/piped/)
})
