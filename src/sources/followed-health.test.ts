import { expect, test } from 'vitest'
import { FollowedHealth } from './followed-health.js'

/** Answers each question with the next of these texts. */
function asking(...answers: readonly (string | Error)[]) {
  let asked = 0
  const members = new FollowedHealth(() => {
    const answer = answers[asked++] ?? new Error('no more answers')
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(new Response(answer))
  })
  return {
    members,
    count: () => asked,
    see: async (of: string, nowMs: number) => {
      members.see(of, nowMs)
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
      return members.members
    },
  }
}

const health = (automatic: unknown): string => JSON.stringify({ ok: true, automatic })

test('is asked for new panels, and once a minute for the same', async () => {
  const { see, count } = asking(
    health({ shown: 16, hidden: 0 }),
    health({ shown: 17, hidden: 1 }),
    health({ shown: 18, hidden: 1 }),
  )
  expect(await see('a', 0)).toEqual({ shown: 16, hidden: 0 })
  expect(await see('a', 59_999)).toEqual({ shown: 16, hidden: 0 })
  expect(count()).toBe(1)
  expect(await see('a\nb', 59_999)).toEqual({ shown: 17, hidden: 1 })
  expect(await see('a\nb', 119_999)).toEqual({ shown: 18, hidden: 1 })
  expect(count()).toBe(3)
})

test.each([
  ['no answer', new Error('refused')],
  ['no JSON', '<html>'],
  ['a board of another kind', JSON.stringify({ ok: true })],
  ['an earlier version', health({ hidden: 3 })],
  ['numbers that are none', health({ shown: '16', hidden: -1 })],
  ['null', 'null'],
  ['too much', `"${'x'.repeat(2 ** 20)}"`],
])('is not known after %s', async (_, answer) => {
  const { see } = asking(health({ shown: 16, hidden: 0 }), answer)
  await see('a', 0)
  expect(await see('b', 0)).toBeNull()
})

test('is asked one question at a time, and none after it was closed', async () => {
  let signal: AbortSignal | null = null
  let asked = 0
  const members = new FollowedHealth(given => {
    asked++
    signal = given
    return new Promise((_, fail) => given.addEventListener('abort', () => fail(given.reason)))
  })
  members.see('a', 0)
  members.see('b', 0)
  expect(asked).toBe(1)
  members.close()
  expect(signal).toMatchObject({ aborted: true })
})

test('has the title and the spans of a board file, as far as they make sense', async () => {
  const { members, see } = asking(
    JSON.stringify({
      display: { title: 'A\u001b[31m board', spans: { a: 2, 'b c': 1, c: 0, d: '2', e: 1e9 } },
    }),
    JSON.stringify({ display: { timezone: 'UTC', title: 3, spans: [] } }),
  )
  expect(members.looks).toBeNull()
  await see('a', 0)
  expect(members.looks).toEqual({ title: 'A board', spans: { a: 2 } })
  await see('b', 0)
  expect(members.looks).toBeNull()
})
