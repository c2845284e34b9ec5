import { describe, expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import type { Status } from '../snapshot/reading.js'
import { areSameSettings, createDocumentPanels, type DocumentPanelsSettings } from './document-panels.js'

const settings = { auto: 'foreign', timezone: 'UTC', reserved: [], rising: true } as const

function made(document: Status, more: Partial<DocumentPanelsSettings> = {}) {
  const snapshot = derive(document)
  const panels = createDocumentPanels({ ...settings, ...more })
  return panels.make(document, { snapshot, nowMs: 0, sourceZone: 'UTC' })
}

test('an automatic board says how many members it does not show, another one says nothing', () => {
  expect(made({ cluster_state: 'red', nodes_up: 3 }).members).toEqual({ shown: 2, hidden: 0 })
  expect(made({ cluster_state: 'red', nodes_up: 3, password: 'a secret' }).members).toEqual({
    shown: 2,
    hidden: 1,
  })
  expect(made({ cycle: 7, indices: { NIFTY: { ltp: 1 } } }).members).toBeUndefined()
})

describe('members that no known panel reads', () => {
  const known = { cycle: 7, indices: { NIFTY: { ltp: 1 } }, queue: { depth: 3, state: 'failed' } }
  const keysOf = (document: Status, more: Partial<DocumentPanelsSettings> = {}) =>
    made(document, more).panels.map(({ key }) => key)

  test('are shown after the known panels with G6_AUTO_PANELS=all only', () => {
    expect(keysOf(known)).toEqual([])
    expect(keysOf(known, { auto: 'all' })).toEqual(['queue'])
    const board = made(known, { auto: 'all' })
    expect(board.replacesKnown).toBe(false)
    // The verdict of a known document stays that of the known rules; the values count as any others.
    expect(board.own).toBeUndefined()
    expect(board.members).toBeUndefined()
    expect(board.panels[0]?.tone).toBe('error')
  })

  test('have keys that no other panel has', () => {
    expect(keysOf(known, { auto: 'all', reserved: ['queue'] })).toEqual(['queue_2'])
  })

  test('are none where the known panels read everything', () => {
    expect(keysOf({ cycle: 7, indices: { NIFTY: { ltp: 1 } } }, { auto: 'all' })).toEqual([])
  })

  test('of a foreign document are all, whatever the setting', () => {
    const foreign = { cluster_state: 'red', shards: { active: 4, lost: 1 } }
    expect(keysOf(foreign, { auto: 'all' })).toEqual(keysOf(foreign))
    expect(keysOf(foreign).length).toBeGreaterThan(0)
  })
})

test('settings are the same when everything that panels depend on is', () => {
  const boardFile = { text: '[[panel]]', format: 'toml', sources: ['a', 'b'] } as const
  const given: DocumentPanelsSettings = { ...settings, reserved: ['x', 'y'], boardFile }
  expect(areSameSettings(given, structuredClone(given))).toBe(true)
  expect(areSameSettings(settings, structuredClone(settings))).toBe(true)
  const others: readonly Partial<DocumentPanelsSettings>[] = [
    { auto: 'all' },
    { timezone: 'Asia/Kolkata' },
    { rising: false },
    { reserved: ['x'] },
    { reserved: ['y', 'x'] },
    { boardFile: { ...boardFile, text: '[[panel]] ' } },
    { boardFile: { ...boardFile, format: 'json' } },
    { boardFile: { ...boardFile, sources: ['a'] } },
  ]
  for (const other of others) expect(areSameSettings(given, { ...given, ...other })).toBe(false)
  expect(areSameSettings(given, { ...settings, reserved: ['x', 'y'] })).toBe(false)
})
