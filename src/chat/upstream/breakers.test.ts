import { expect, test } from 'vitest'
import { Breakers, TryFailed } from './breakers.js'

const BACKEND = 'http://backend'
const NOT_A_STREAM = { kind: 'not_a_stream', cause: 'html' } as const
const fails = () => Promise.reject(new TryFailed(NOT_A_STREAM))
/** What the caller asked for was wrong. */
const refuses = () => Promise.reject(new TryFailed(REFUSAL, false))
const REFUSAL = { kind: 'status', status: 400, retryAfter: null, refusal: null } as const
const isWell = () => Promise.resolve()

/** What came of a call: `ok`, the failure's kind, or the message of what is no failure. */
async function outcome(breakers: Breakers, run: () => Promise<void>, backend = BACKEND): Promise<string> {
  try {
    await breakers.execute(backend, run)
    return 'ok'
  } catch (error) {
    if (error instanceof TryFailed) return error.failure.kind
    return error instanceof Error ? error.message : 'nothing known'
  }
}

async function opened(halfOpenAfterMs: number): Promise<Breakers> {
  const breakers = new Breakers(halfOpenAfterMs)
  for (let i = 0; i < 20; i++) await outcome(breakers, i % 2 === 0 ? isWell : fails)
  expect(breakers.stateOf(BACKEND)).toBe('open')
  return breakers
}

test('half of twenty failed calls open it, fewer or sooner do not', async () => {
  const breakers = new Breakers(60_000)
  for (let i = 0; i < 19; i++) await outcome(breakers, fails)
  expect(breakers.stateOf(BACKEND)).toBe('closed')
  const other = new Breakers(60_000)
  for (let i = 0; i < 40; i++) await outcome(other, i % 20 < 9 ? fails : isWell)
  expect(other.stateOf(BACKEND)).toBe('closed')
  await opened(60_000)
})

test('while it is open no call is made, and other backends go on', async () => {
  const breakers = await opened(60_000)
  let made = 0
  const counted = async (): Promise<void> => void made++
  expect(await outcome(breakers, counted)).toBe('breaker_open')
  expect(made).toBe(0)
  expect(await outcome(breakers, counted, 'http://other')).toBe('ok')
})

test('after its rest one call finds out whether it is well, and the others do not wait for that', async () => {
  const breakers = await opened(0)
  let finish = (): void => {}
  const trial = outcome(
    breakers,
    () =>
      new Promise<void>(resolve => {
        finish = resolve
      }),
  )
  expect(breakers.stateOf(BACKEND)).toBe('half_open')
  expect(await outcome(breakers, isWell)).toBe('breaker_open')
  finish()
  expect(await trial).toBe('ok')
  expect(breakers.stateOf(BACKEND)).toBe('closed')
})

test('a trial that fails opens it again', async () => {
  const breakers = await opened(0)
  expect(await outcome(breakers, fails)).toBe('not_a_stream')
  expect(breakers.stateOf(BACKEND)).toBe('open')
})

test('a trial that was given up has shown nothing: it stays open', async () => {
  const breakers = await opened(0)
  expect(await outcome(breakers, () => Promise.reject(new Error('given up')))).toBe('given up')
  expect(breakers.stateOf(BACKEND)).toBe('open')
  expect(await outcome(breakers, isWell)).toBe('ok')
  expect(breakers.stateOf(BACKEND)).toBe('closed')
})

test('a call that is no fault of the backend counts for nothing', async () => {
  const breakers = new Breakers(60_000)
  for (let i = 0; i < 40; i++) await outcome(breakers, () => Promise.reject(new Error('given up')))
  expect(breakers.stateOf(BACKEND)).toBe('closed')
})

test('a refusal of what was asked counts for nothing, and shows that an open one is well again', async () => {
  const breakers = new Breakers(60_000)
  for (let i = 0; i < 40; i++) expect(await outcome(breakers, refuses)).toBe('status')
  expect(breakers.stateOf(BACKEND)).toBe('closed')
  const rested = await opened(0)
  expect(await outcome(rested, refuses)).toBe('status')
  expect(rested.stateOf(BACKEND)).toBe('closed')
})

test('answers that fail after they began open it too', async () => {
  const breakers = new Breakers(60_000)
  for (let i = 0; i < 10; i++) {
    await breakers.execute(BACKEND, isWell)
    await breakers.fault(BACKEND, NOT_A_STREAM)
  }
  expect(breakers.stateOf(BACKEND)).toBe('open')
  await breakers.fault(BACKEND, NOT_A_STREAM)
  expect(breakers.stateOf(BACKEND)).toBe('open')
})
