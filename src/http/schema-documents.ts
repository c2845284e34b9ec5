// The JSON Schemas under /schemas and in the reference, generated from the zod schemas that the program itself uses.
import { z } from 'zod'
import { notifyRow } from '../config/notify-tables.js'
import { boardFile } from '../declared/file.js'
import { CHAT_EVENTS, CHAT_FAILURES } from '../protocol/chat-events.js'
import { problemDocument, resyncDocument, SUMMARY_EVENTS, ticketDocument } from '../protocol/events.js'
import { FACT_IDS } from '../protocol/facts.js'
import { fleetDocument } from '../protocol/fleet.js'
import { historyDocument, verdictLogDocument } from '../protocol/history.js'
import { readersDocument } from '../protocol/readers.js'
import { STATUS_PAYLOADS, statusEnvelope, statusStats } from '../protocol/status-events.js'
import { sourceTable } from '../sources/declared.js'
import { healthSchema } from './health-document.js'
import { jsonSchema } from './zod-schemas.js'

const DOCUMENTS: Readonly<Record<string, z.ZodType>> = {
  resync: resyncDocument,
  health: healthSchema,
  ticket: ticketDocument,
  readers: readersDocument,
  fleet: fleetDocument,
  history: historyDocument,
  history_verdicts: verdictLogDocument,
  problem: problemDocument,
  // Of GET /events: the envelope of every event, and the payload of each type.
  status_event: statusEnvelope,
  ...STATUS_PAYLOADS,
  status_stats: statusStats,
  ...Object.fromEntries(Object.entries(CHAT_EVENTS).map(([name, schema]) => [`chat_${name}`, schema])),
}

/** File name under /schemas without `.json` → JSON Schema 2020-12. */
export function schemaDocuments(): ReadonlyMap<string, Record<string, unknown>> {
  const all = Object.entries({ ...SUMMARY_EVENTS, ...DOCUMENTS })
  const documents = all.map(
    ([name, schema]) => [name, { title: name, ...jsonSchema(schema, 'output') }] as const,
  )
  return new Map([...documents, ['board', boardSchema()]])
}

/** Of board files, for editors. */
export function boardSchema(): Record<string, unknown> {
  // One source without a name, or several with theirs.
  const source = z.union([sourceTable, z.record(z.string(), sourceTable)]).exactOptional()
  const notify = z.array(notifyRow).exactOptional()
  return { title: 'board', ...jsonSchema(boardFile.unwrap().extend({ source, notify }), 'input') }
}

function sections(schemas: Readonly<Record<string, z.ZodType>>): readonly string[] {
  return Object.entries(schemas).map(([name, schema]) => {
    const text = JSON.stringify(jsonSchema(schema, 'output'), null, 2)
    return `## \`${name}\`\n\n\`\`\`json\n${text}\n\`\`\`\n`
  })
}

/** `docs/reference/events.md`. */
export function eventsPage(): string {
  return [
    '# Events of `GET /summary/events`',
    '',
    'The `data` of each event as JSON Schema; the same texts are served under `/schemas/<event>.json`.',
    'Generated from the schemas in the source.',
    '',
    ...sections(SUMMARY_EVENTS),
    '## Facts',
    '',
    'With `view=blocks` each panel has `facts` next to its `blocks`: what programs compute with, as data. The id of a fact is its path',
    'from the panel’s key on; `*` is any name, in which `.`, `/`, `,` and `%` are percent-encoded. `indices.NIFTY.ltp` is',
    '`panels.indices.facts.NIFTY.ltp`. What the status does not say is absent. Facts come with their panel, so `?panels=` selects them too,',
    'and they replace the facts that the panel had. They are no part of its hash. A panel cut at the size limit has none.',
    '',
    '| Id | Kind | Meaning |',
    '| --- | --- | --- |',
    ...Object.entries(FACT_IDS).map(([id, [kind, meaning]]) => `| \`${id}\` | ${kind} | ${meaning} |`),
    '',
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

/** `docs/reference/chat-events.md`. */
export function chatEventsPage(): string {
  const failures = Object.entries(CHAT_FAILURES).map(
    ([code, { message, retryable, problem }]) =>
      `| \`${code}\` | ${message} | ${retryable ? 'yes' : 'no'} | \`${problem}\` |`,
  )
  return [
    '# Events of a chat stream',
    '',
    'The `data:` line of each event as JSON Schema; the same texts are served under `/schemas/chat_<type>.json`. All have the',
    'event name `message` and the id `<streamId>.<sequence>`, except `heartbeat`, which has the name `heartbeat` and no id.',
    'Every stream ends with exactly one `done`, `error` or `aborted`. Generated from the schemas in the source.',
    '',
    ...sections(CHAT_EVENTS),
    '## Failures',
    '',
    'The `code` and `message` of an `error` event. Before the first event the answer is an HTTP error with the code in the last',
    'column and the same text ([errors](errors.md)).',
    '',
    '| Code | Message | Retryable | HTTP error |',
    '| --- | --- | --- | --- |',
    ...failures,
    '',
  ].join('\n')
}
