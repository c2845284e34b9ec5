// The query parameters, as the schemas requests are validated with.
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'
import { EVERY } from '../history/near.js'
import { MAX_EVENT_SERIES } from '../history/past.js'
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

const MAX_HISTORY_SEC = 900
/** `1` to `900`. */
const HISTORY = /^[1-9]\d{0,2}$/
const MAX_NAMES_TEXT = 8_000

export const streamQuery = z.object({
  panels,
  view,
  structured: z
    .enum(['0', '1'], 'must be 0 or 1')
    .optional()
    .describe('1: structured mode, 0: lines mode; default as the server is set (G6_SSE_STRUCTURED).'),
  last_event_id: z.string(ONCE).optional().describe('The same as the header Last-Event-ID, which wins.'),
  history: z
    .string(ONCE)
    .refine(
      text => HISTORY.test(text) && Number(text) <= MAX_HISTORY_SEC,
      `must be 1 to ${MAX_HISTORY_SEC} seconds`,
    )
    .optional()
    .describe('Numbers of the last so many seconds, 1 to 900, in an event `history` after the greeting.'),
  series: z
    .string(ONCE)
    .max(MAX_NAMES_TEXT, `must not be longer than ${MAX_NAMES_TEXT} characters`)
    .optional()
    .describe('With `history`: up to 32 ids or labels of series, comma separated; without it, or `*`, all.'),
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

/** The names of series in a query. Throws HttpError where one is empty or there are too many. */
export function seriesNames(text: string, most: number): readonly string[] {
  const names = [...new Set(text.split(',').map(name => name.trim()))]
  if (names.includes('')) throw new HttpError('invalid_query', 'series has an empty name.')
  if (names.length > most)
    throw new HttpError('invalid_query', `series has ${names.length} names; up to ${most} are allowed.`)
  return names
}

/** What a reader wants of the past, as a member of its request; nothing where it asks for none. */
function askedHistory({ history, series }: StreamQuery): Pick<JoinRequest, 'history'> {
  if (history === undefined) {
    if (series === undefined) return {}
    throw new HttpError('invalid_query', 'series needs history; for example history=900&series=*.')
  }
  return { history: { seconds: Number(history), series: seriesNames(series ?? EVERY, MAX_EVENT_SERIES) } }
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
  return {
    ...streamForm(query, isStructured),
    subset: panelSubset(query.panels, known),
    lastEventId,
    ...askedHistory(query),
  }
}
