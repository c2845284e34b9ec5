import { describe, expect, test } from 'vitest'
import type { Alert, AlertLevel } from '../snapshot/snapshot.js'
import { alertGroups } from './alert-groups.js'

const alert = (atSec: number | null, message = 'm', level: AlertLevel = 'info', component = 'c'): Alert => ({
  atMs: atSec === null ? null : atSec * 1000,
  level,
  component,
  message,
})
const shown = (...alerts: Alert[]) =>
  alertGroups(alerts, 15).map(({ atMs, message, times }) => [
    atMs === null ? null : atMs / 1000,
    message,
    times,
  ])

describe('the same alert', () => {
  test.each([
    [59, [[100, 'm', 2]]],
    [60, [[100, 'm', 2]]],
    [
      61,
      [
        [100, 'm', 1],
        [39, 'm', 1],
      ],
    ],
  ])('%i s before the newest', (apart, expected) => {
    expect(shown(alert(100), alert(100 - apart))).toEqual(expected)
  })

  test('that keeps coming is shown once a minute, counted from the newest', () => {
    const every30s = [0, 30, 60, 90, 120, 150].map(age => alert(1000 - age))
    expect(shown(...every30s)).toEqual([
      [1000, 'm', 3],
      [910, 'm', 3],
    ])
  })

  test('is the same though others come between', () => {
    expect(shown(alert(100), alert(99, 'other'), alert(98))).toEqual([
      [100, 'm', 2],
      [99, 'other', 1],
    ])
  })

  test('has the same component and message, whatever its level; the worst level is shown', () => {
    const [group, ...others] = alertGroups(
      [alert(3, 'm', 'info'), alert(2, 'm', 'critical'), alert(1, 'm', 'warn')],
      15,
    )
    expect(group).toMatchObject({ level: 'critical', times: 3, levels: { critical: 1, warn: 1, info: 1 } })
    expect(others).toEqual([])
    expect(alertGroups([alert(2, 'm', 'info', 'a'), alert(1, 'm', 'info', 'b')], 15)).toHaveLength(2)
  })

  test('without a time is the same as others without a time only', () => {
    expect(shown(alert(1), alert(null), alert(null))).toEqual([
      [1, 'm', 1],
      [null, 'm', 2],
    ])
  })
})

test('only so many are shown, and repetitions of a shown one still count', () => {
  const alerts = [alert(9, 'a'), alert(8, 'b'), alert(7, 'c'), alert(6, 'a')]
  expect(alertGroups(alerts, 2).map(({ message, times }) => [message, times])).toEqual([
    ['a', 2],
    ['b', 1],
  ])
})
