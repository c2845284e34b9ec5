import { expect, test } from 'vitest'
import { derive } from '../snapshot/derive.js'
import type { Status } from '../snapshot/reading.js'
import { createDocumentPanels } from './document-panels.js'

const settings = { auto: 'foreign', timezone: 'UTC', reserved: [], rising: true } as const

function made(document: Status) {
  const snapshot = derive(document)
  return createDocumentPanels(settings).make(document, { snapshot, nowMs: 0, sourceZone: 'UTC' })
}

test('an automatic board says how many members it does not show, another one says nothing', () => {
  expect(made({ cluster_state: 'red', nodes_up: 3 }).members).toEqual({ shown: 2, hidden: 0 })
  expect(made({ cluster_state: 'red', nodes_up: 3, password: 'a secret' }).members).toEqual({
    shown: 2,
    hidden: 1,
  })
  expect(made({ cycle: 7, indices: { NIFTY: { ltp: 1 } } }).members).toBeUndefined()
})
