import { describe, expect, test } from 'vitest'
import { httpConfig } from '../../test/support/http-rig.js'
import { noTimerWaits } from '../../test/support/runner-timers.js'
import { httpPage, openApiDocument } from './reference.js'
import { eventsPage, schemaDocuments } from './schema-documents.js'

describe('the reference', () => {
  test('is made without opening anything, with every route once', async () => {
    await noTimerWaits()
    const handles = process.getActiveResourcesInfo().length
    const page = httpPage(await openApiDocument(httpConfig(), '1.0.0'))
    expect(process.getActiveResourcesInfo().length).toBe(handles)
    expect(page).toContain(
      '| `GET /summary/events` | The stream of panel updates | `panels`, `view`, `structured`',
    )
    expect(page).toContain('| `GET /livez` | The process answers | – | open |')
    expect(page).not.toContain('`HEAD /summary')
  })
  test('shows errors as one shared schema', async () => {
    const document = await openApiDocument(httpConfig(), '1.0.0')
    expect(document).toMatchObject({ components: { schemas: { problem: { required: expect.any(Array) } } } })
  })
  test('has the schema of each event', () => {
    expect([...schemaDocuments().keys()]).toEqual(
      expect.arrayContaining(['hello', 'bye', 'resync', 'health']),
    )
    expect(eventsPage()).toContain('## `full_snapshot`')
  })
})
