import { expect, test } from 'vitest'
import { Child, type ChildOptions } from './child.js'

const LIMIT_MS = 30_000
const node = (script: string, options?: ChildOptions) =>
  new Child('the child', [process.execPath, '-e', script], options)

test('gives the lines of the output, answers to its input, and ends with it', async () => {
  const child = node(`console.log('one'); process.stdin.on('data', text => console.log('got ' + text))`)
  expect(await child.line(LIMIT_MS)).toBe('one')
  child.say('two')
  expect(await child.line(LIMIT_MS)).toBe('got two')
  await child.end()
})

test('gives the lines of the errors where these are asked for, and has the environment it is given', async () => {
  const child = node(`console.log('no'); console.error(process.env.G6_BENCH_WORD)`, {
    lines: 'stderr',
    env: { G6_BENCH_WORD: 'yes' },
  })
  expect(await child.line(LIMIT_MS)).toBe('yes')
  await child.end()
})

test('throws with the reason when the child ends before it prints', async () => {
  const child = node(`throw new TypeError('broken')`, { lines: 'stderr' })
  const all = async () => {
    for (;;) await child.line(LIMIT_MS)
  }
  await expect(all()).rejects.toThrow('the child ended with 1: TypeError: broken')
})

test('throws when the command does not exist, and when nothing is printed in time', async () => {
  await expect(new Child('the child', ['g6-no-such-command']).line(LIMIT_MS)).rejects.toThrow('ENOENT')
  const silent = node('setInterval(() => {}, 1000)')
  await expect(silent.line(1)).rejects.toThrow('the child printed nothing for 1 ms')
  await silent.stop()
})

test('keeps the newest 1000 lines that nobody reads', async () => {
  const child = node(`for (let i = 1; i <= 1500; i++) console.log(i); process.stdin.resume()`)
  await child.end()
  expect(await child.line(LIMIT_MS)).toBe('501')
})
