// The JSON Schemas under /schemas and in the reference, generated from the zod schemas that the program itself uses.
import type { z } from 'zod'
import { problemDocument, resyncDocument, SUMMARY_EVENTS, ticketDocument } from '../protocol/events.js'
import { STATUS_PAYLOADS, statusEnvelope, statusStats } from '../protocol/status-events.js'
import { healthSchema } from './health-document.js'
import { jsonSchema } from './zod-schemas.js'

const DOCUMENTS: Readonly<Record<string, z.ZodType>> = {
  resync: resyncDocument,
  health: healthSchema,
  ticket: ticketDocument,
  problem: problemDocument,
  // Of GET /events: the envelope of every event, and the payload of each type.
  status_event: statusEnvelope,
  ...STATUS_PAYLOADS,
  status_stats: statusStats,
}

/** File name under /schemas without `.json` → JSON Schema 2020-12. */
export function schemaDocuments(): ReadonlyMap<string, Record<string, unknown>> {
  const all = Object.entries({ ...SUMMARY_EVENTS, ...DOCUMENTS })
  return new Map(all.map(([name, schema]) => [name, { title: name, ...jsonSchema(schema, 'output') }]))
}

/** `docs/reference/events.md`. */
export function eventsPage(): string {
  const sections = (schemas: Readonly<Record<string, z.ZodType>>): readonly string[] =>
    Object.entries(schemas).map(([name, schema]) => {
      const text = JSON.stringify(jsonSchema(schema, 'output'), null, 2)
      return `## \`${name}\`\n\n\`\`\`json\n${text}\n\`\`\`\n`
    })
  return [
    '# Events of `GET /summary/events`',
    '',
    'The `data` of each event as JSON Schema; the same texts are served under `/schemas/<event>.json`.',
    'Generated from the schemas in the source.',
    '',
    ...sections(SUMMARY_EVENTS),
    '# Events of `GET /events`',
    '',
    'Every event’s `data` is a `status_event`; its `payload` is that of its `type`. See [clients](../clients.md).',
    '',
    ...sections({ status_event: statusEnvelope, ...STATUS_PAYLOADS }),
    '# `GET /events/stats`',
    '',
    ...sections({ status_stats: statusStats }),
  ].join('\n')
}
