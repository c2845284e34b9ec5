import { describe, expect, test } from 'vitest'
import { traceContextOf, traceIdOf } from './trace-context.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const PARENT = `00-${TRACE}-${SPAN}-01`
const of = (traceparent: string, tracestate?: string) =>
  traceContextOf({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) })

describe('traceparent', () => {
  test.each([
    PARENT,
    `00-${TRACE}-${SPAN}-00`,
    `01-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-what-comes-later`,
  ])('%s goes on', given => {
    expect(of(given).traceparent).toBe(given)
    expect(traceIdOf(given)).toBe(TRACE)
  })
  test.each([
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `${PARENT}, ${PARENT}`,
    ` ${PARENT}`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
    '',
    'x',
  ])('%j does not', given => {
    expect(of(given, 'a=1')).toEqual({ traceparent: null, tracestate: null })
  })
  test('none is none', () => {
    expect(traceContextOf({ tracestate: 'a=1' })).toEqual({ traceparent: null, tracestate: null })
    expect(traceIdOf(null)).toBeNull()
  })
})

describe('tracestate', () => {
  test.each([
    ['congo=t61rcWkgMzE', 'congo=t61rcWkgMzE'],
    ['rojo=00f067aa0ba902b7, congo=a b~!', 'rojo=00f067aa0ba902b7,congo=a b~!'],
    ['fw529a3039@dt=FfAgWA, ,a*/-_=1', 'fw529a3039@dt=FfAgWA,a*/-_=1'],
    [
      Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(','),
      Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(','),
    ],
  ])('%j goes on', (given, gone) =>
    expect(of(PARENT, given)).toEqual({ traceparent: PARENT, tracestate: gone }),
  )
  test.each([
    'no value',
    'a=',
    'A=1',
    'a=1,a=2',
    'a=1=2',
    'a=é',
    '',
    ',',
    Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(','),
    `a=${'x'.repeat(257)}`,
  ])('%j does not, and the parent does', given =>
    expect(of(PARENT, given)).toEqual({ traceparent: PARENT, tracestate: null }),
  )
})
