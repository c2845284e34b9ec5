import { afterEach, expect, test, vi } from 'vitest'
import { startBoardServer } from '../../test/support/board-server.js'
import { textPanel } from '../../test/support/boards.js'
import { eventually } from '../../test/support/eventually.js'
import { BoardFollower } from './board.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closers.splice(0).reverse()) await close()
})

async function following(epoch: string) {
  const server = await startBoardServer(epoch)
  closers.push(() => server.close())
  const follower = new BoardFollower({ url: server.url, initialDelayMs: 5 })
  closers.push(() => follower.close())
  follower.start(() => {})
  return { server, follower }
}

test('is named by its URL, without the parts that may be secret', () => {
  const nameOf = (url: string) => new BoardFollower({ url }).name
  expect(nameOf('http://user:pass@a.example:9/?token=x')).toBe('http://a.example:9')
  expect(nameOf('http://a.example/g6/summary/events?token=x')).toBe('http://a.example/g6/summary/events')
})

test('a board stays the same object until the next one, and a panel until it changes', async () => {
  const { server, follower } = await following('e1')
  expect(follower.news).toEqual({ board: null, fault: null, heardAtMs: null })
  server.publish([textPanel('a', '1'), textPanel('b', '1')])
  await eventually(() => follower.news.board?.generation === 1, 'the first board')
  const first = follower.news.board
  expect(follower.news.board).toBe(first)
  expect(follower.news).toMatchObject({ fault: null, heardAtMs: expect.any(Number) })
  server.publish([textPanel('a', '1'), textPanel('b', '2')])
  await eventually(() => follower.news.board?.generation === 2, 'the second board')
  const panelOf = (board: typeof first, key: string) => board?.panels.find(panel => panel.key === key)
  expect(panelOf(follower.news.board, 'a')).toBe(panelOf(first, 'a'))
  expect(panelOf(follower.news.board, 'b')?.lines).toEqual(['2'])
})

test('the numbers that the server remembers are asked for where somebody takes them', async () => {
  const asked: unknown[] = []
  const document = { schema_version: 'v1', from: 1, to: 1, step_sec: 1, since: 1, series: [], unknown: [] }
  const past = (question: unknown) => {
    asked.push(question)
    return [JSON.stringify(document)]
  }
  const server = await startBoardServer('e1', {}, {}, { past })
  closers.push(() => server.close())
  server.publish([textPanel('a', '1')])
  const taken = await new Promise(resolve => {
    const follower = new BoardFollower({ url: server.url, initialDelayMs: 5, onPast: resolve })
    closers.push(() => follower.close())
    follower.start(() => {})
  })
  expect(taken).toEqual(document)
  expect(asked).toEqual([{ seconds: 900, series: ['*'] }])
})

test('how many members of its document an automatic board shows comes from the health of the followed server', async () => {
  let isAutomatic = true
  const health = () => (isAutomatic ? { automatic: { shown: 16, hidden: 2 } } : {})
  const server = await startBoardServer('e1', {}, {}, { health })
  closers.push(() => server.close())
  const follower = new BoardFollower({ url: server.url, initialDelayMs: 5 })
  closers.push(() => follower.close())
  follower.start(() => {})
  expect(follower.members).toBeNull()
  const shows = (members: unknown) =>
    eventually(
      () => {
        void follower.news
        return JSON.stringify(follower.members) === JSON.stringify(members)
      },
      `members ${JSON.stringify(members)}`,
    )
  server.publish([textPanel('a', '1')])
  await shows({ shown: 16, hidden: 2 })
  isAutomatic = false
  server.publish([textPanel('a', '1'), textPanel('b', '1')])
  await shows(null)
})

test('a board with an epoch of an unknown form is a fault, and is not shown', async () => {
  const { server, follower } = await following('an epoch of another kind')
  server.publish([textPanel('a', '1')])
  await eventually(() => follower.news.fault !== null, 'a fault')
  expect(follower.news).toMatchObject({
    board: null,
    fault: { error: 'io', message: 'the followed server counts its boards in no known way' },
  })
})

test('a server that shows no sign of life is a fault after 5 s, until it sends again', async () => {
  const { server, follower } = await following('e1')
  server.publish([textPanel('a', '1')])
  await eventually(() => follower.news.board?.generation === 1, 'the first board')
  const time = vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  server.publish([textPanel('a', '2')])
  while (follower.news.board?.panels[0]?.lines[0] !== '2') await new Promise(setImmediate)
  await new Promise(setImmediate)
  time.advanceTimersByTime(9_999)
  expect(follower.news.fault).toBe(null)
  time.advanceTimersByTime(1)
  expect(follower.news.fault).toEqual({
    error: 'timeout',
    message: 'the followed server shows no sign of life',
  })
  server.publish([textPanel('a', '3')])
  while (follower.news.fault !== null) await new Promise(setImmediate)
  expect(follower.news.board?.panels[0]?.lines).toEqual(['3'])
})
