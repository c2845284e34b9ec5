import { expect, test } from 'vitest'
import { linksOf, unifiedUrl } from './panel-context.js'

const LISTENING = [
  { name: 'metrics', url: 'http://127.0.0.1:9325', host: '127.0.0.1', inherited: false },
  { name: 'unified', url: 'http://127.0.0.1:9329', host: '127.0.0.1', inherited: false },
]

test('links have the address that people use, where one is set and the port is open', () => {
  const config = { metricsUrl: null, publicUrl: 'https://example.org/g6' }
  expect(linksOf(config, 'status.json', LISTENING, true)).toEqual({
    source: 'status.json',
    metricsUrl: 'https://example.org/g6/metrics',
    streamUrl: 'https://example.org/g6/summary/events',
    pageUrl: 'https://example.org/g6/',
  })
  expect(linksOf({ ...config, publicUrl: null }, 'x', LISTENING).streamUrl).toBe(
    'http://127.0.0.1:9329/summary/events',
  )
  expect(unifiedUrl(config, [])).toBe(null)
})
