// The members that consumers of the documented files read.
import { describe, expect, test } from 'vitest'
import { derive } from '../../snapshot/derive.js'
import { PANEL_FILES } from './panel-data.js'

const STATUS = {
  app: { version: '1.4.2' },
  loop: { cycle: 7, last_duration: 0.5, target_interval: 60 },
  indices_detail: { NIFTY: { status: 'OK', dq: { score_percent: 97.5 }, age: 1.25, ltp: 100 } },
  alerts: [
    { time: '2025-11-20T04:00:00Z', level: 'warning', component: 'feed', message: 'late' },
    { level: 'ERROR', message: 'gone' },
    { message: 'hello' },
  ],
  memory: { rss_mb: 123.5 },
  performance: { options_per_min: 1234, provider: 3 },
  links: { docs: 'http://user:secret@docs.example/' },
}

function dataOf(name: string, metricsUrl: string | null = null): unknown {
  return PANEL_FILES.find(file => file.name === name)?.data(derive(STATUS), { metricsUrl })
}

describe('the data of', () => {
  test('indices has index, status, dq_score and age of each, and every other value', () => {
    expect(dataOf('indices_panel')).toMatchObject({
      count: 1,
      items: [
        { index: 'NIFTY', status: 'ok', dq_score: 97.5, age: 1.25, name: 'NIFTY', age_sec: 1.25, ltp: 100 },
      ],
    })
  })

  test('alerts is a list, with levels in capitals and the severity in lower case', () => {
    expect(dataOf('alerts')).toEqual([
      {
        time: '2025-11-20T04:00:00.000Z',
        level: 'WARNING',
        severity: 'warn',
        component: 'feed',
        message: 'late',
      },
      { time: null, level: 'CRITICAL', severity: 'critical', component: null, message: 'gone' },
      { time: null, level: 'INFO', severity: 'info', component: null, message: 'hello' },
    ])
  })

  test('alerts leaves the counts to the envelope', () => {
    expect(PANEL_FILES.find(({ name }) => name === 'alerts')?.envelopeMembers?.(derive(STATUS))).toEqual({
      total: 3,
      by_severity: { critical: 1, warn: 1, info: 1 },
    })
  })

  test('system has the memory, the cycle, its duration and its interval', () => {
    expect(dataOf('system')).toMatchObject({
      memory_rss_mb: 123.5,
      cycle: 7,
      last_duration: 0.5,
      interval: 60,
      memory_mb: 123.5,
      version: '1.4.2',
    })
  })

  test('performance is flat; a metric with the name of another member is under metrics only', () => {
    expect(dataOf('performance')).toMatchObject({
      options_per_min: 1234,
      metrics: { options_per_min: 1234, provider: 3 },
      provider: { name: null },
    })
  })

  test('links has the metrics URL and the version, and no user or password in any URL', () => {
    expect(dataOf('links', 'http://user:secret@host:9108/metrics')).toEqual({
      metrics_url: 'http://host:9108/metrics',
      version: '1.4.2',
      docs: 'http://docs.example/',
    })
    expect(dataOf('links')).toMatchObject({ metrics_url: null })
  })
})
