// The query parameters, as the schemas requests are validated with.
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'
import type { DiffMode, JoinRequest, View } from '../hub/hub-types.js'

/** No list of panels is longer. */
const MAX_PANELS_TEXT = 2_000
const ONCE = 'must be given once'

const panels = z
  .string(ONCE)
  .max(MAX_PANELS_TEXT, `must not be longer than ${MAX_PANELS_TEXT} characters`)
  .optional()
  .describe('Panel keys, comma separated; without it, all panels.')
const view = z
  .enum(['lines', 'blocks'], 'must be lines or blocks')
  .optional()
  .describe("`blocks` adds each panel's blocks (and, on the stream, implies lines mode).")

export const streamQuery = z.object({
  panels,
  view,
  structured: z
    .enum(['0', '1'], 'must be 0 or 1')
    .optional()
    .describe('1: structured mode, 0: lines mode; default as the server is set (G6_SSE_STRUCTURED).'),
  last_event_id: z.string(ONCE).optional().describe('The same as the header Last-Event-ID, which wins.'),
  ticket: z.string(ONCE).optional().describe('A ticket from POST /summary/ticket, instead of a token.'),
})

export const resyncQuery = z.object({ panels, view })

export type StreamQuery = z.infer<typeof streamQuery>
export type ResyncQuery = z.infer<typeof resyncQuery>

const MOST_NAMED = 5
const LONGEST_NAMED = 40

/** Names from a client, made safe for a message: short, few, printable. */
function named(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_NAMED)
    .map(name => `"${name.slice(0, LONGEST_NAMED).replace(/[^\x20-\x7e]/g, '?')}"`)
  return names.length > MOST_NAMED
    ? `${shown.join(', ')} and ${names.length - MOST_NAMED} more`
    : shown.join(', ')
}

/** The wanted panels, sorted and unique; null = all. Throws an error that names what is wrong and what is allowed. */
export function panelSubset(text: string | undefined, known: ReadonlySet<string>): readonly string[] | null {
  if (text === undefined) return null
  // Before the first board of a followed server, its panels are unknown.
  if (known.size === 0) throw new HttpError('starting', undefined, { 'Retry-After': '1' })
  const names = text.split(',').map(name => name.trim())
  const allowed = `allowed: ${[...known].join(', ')}`
  if (names.includes('')) throw new HttpError('unknown_panels', `panels has an empty name; ${allowed}`)
  const unknown = [...new Set(names)].filter(name => !known.has(name))
  if (unknown.length > 0) {
    const what = unknown.length === 1 ? 'is not a panel' : 'are not panels'
    throw new HttpError('unknown_panels', `${named(unknown)} ${what}; ${allowed}`)
  }
  return [...new Set(names)].sort()
}

/** Mode and view of a stream. Blocks have no diff, so they imply lines mode. */
export function streamForm(query: StreamQuery, isStructured: boolean): { mode: DiffMode; view: View } {
  const wanted = query.structured === undefined ? isStructured : query.structured === '1'
  const chosen = query.view ?? 'lines'
  return { view: chosen, mode: wanted && chosen === 'lines' ? 'structured' : 'lines' }
}

/** What a reader asks for: `header` is its Last-Event-ID. Throws HttpError for a query that cannot be served. */
export function wantedStream(
  query: StreamQuery,
  header: string | string[] | undefined,
  known: ReadonlySet<string>,
  isStructured: boolean,
): Omit<JoinRequest, 'transport' | 'wire' | 'owner'> {
  const lastEventId = [header].flat()[0] ?? query.last_event_id ?? null
  return { ...streamForm(query, isStructured), subset: panelSubset(query.panels, known), lastEventId }
}
