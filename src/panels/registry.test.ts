import { describe, expect, test } from 'vitest'
import { PANELS } from './registry.js'

describe('the registry', () => {
  test('has the panels of a status in their order', () => {
    const status = [
      'header',
      'cycle',
      'indices',
      'analytics',
      'alerts',
      'resources',
      'storage',
      'perfstore',
      'links',
    ]
    expect(PANELS.map(({ key }) => key).filter(key => status.includes(key))).toEqual(status)
  })

  test('has every key and every place once', () => {
    expect(new Set(PANELS.map(({ key }) => key)).size).toBe(PANELS.length)
    expect(new Set(PANELS.map(({ order }) => order)).size).toBe(PANELS.length)
    expect(PANELS.map(({ order }) => order)).toEqual(
      PANELS.map(({ order }) => order).toSorted((a, b) => a - b),
    )
  })
})
