import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { httpConfig } from '../../test/support/http-rig.js'
import { noTimerWaits } from '../../test/support/runner-timers.js'
import type { HttpPlugin } from '../contract/plugin.js'
import { httpPage, openApiDocument } from './reference.js'
import { eventsPage, schemaDocuments } from './schema-documents.js'

describe('the reference', () => {
  test('is generated without opening anything, with every route once', async () => {
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
  test('has the headers, queries and bodies that a route declares', async () => {
    const taking: HttpPlugin = {
      name: 'taking',
      register: app => {
        app.route({
          method: 'POST',
          url: '/take',
          config: { rules: { surface: 'other', access: 'open' } },
          schema: {
            headers: z.object({ 'x-one': z.string().optional().describe('The first.') }),
            querystring: z.object({ two: z.string().optional().describe('The second.') }),
            body: z.object({ three: z.string().describe('The third.'), four: z.number().optional() }),
          },
          handler: () => '',
        })
      },
    }
    const document = await openApiDocument(httpConfig(), '1.0.0', [taking])
    const page = httpPage(document)
    expect(page).toContain('| `x-one` | The first. | `POST /take` |')
    expect(page).toContain('| `two` | The second. | `POST /take` |')
    expect(page).toContain('| `POST /take` | `three` | yes | The third. |')
    expect(page).toContain('| `POST /take` | `four` | no |  |')
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
