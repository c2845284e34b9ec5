// GET /summary/history: the numbers of the board over time, as JSON or CSV. GET /summary/history/verdicts: how the system was.
import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Clock } from '../../clock/clock.js'
import { momentNow } from '../../clock/moment.js'
import { HttpError } from '../../contract/errors.js'
import { matchesEtag, prefersCsv } from '../../contract/negotiation.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { wholeDocument } from '../../history/both.js'
import { historyCsv } from '../../history/csv.js'
import type { FarHistory } from '../../history/far/far.js'
import type { NearHistory } from '../../history/near.js'
import { seriesCount, usualPoints } from '../../history/past.js'
import { spanOf } from '../../history/span.js'
import { type Day, uptimePct, type VerdictLog, weeksOf } from '../../history/verdict-log.js'
import { historyDocument, type VerdictLogDocument, verdictLogDocument } from '../../protocol/history.js'
import { offsetMs } from '../../snapshot/zone.js'
import type { HttpConfig } from '../http-config.js'
import { seriesNames } from '../queries.js'

export type HistoryParts = {
  readonly config: () => Pick<HttpConfig, 'disableResyncHttp' | 'timezone'>
  readonly history: NearHistory
  /** Absent or null: nothing is kept longer. */
  readonly far?: FarHistory | null
  readonly verdicts: VerdictLog
  readonly clock: Clock
}

const RULES: RouteRules = { surface: 'resync', access: 'data' }
const MAX_SERIES = 8
const MAX_NAMES_TEXT = 2_000
const ONCE = 'must be given once'

const time = z.string(ONCE).max(40, 'must not be longer than 40 characters')
const historyQuery = z.object({
  series: z
    .string(ONCE)
    .max(MAX_NAMES_TEXT, `must not be longer than ${MAX_NAMES_TEXT} characters`)
    .describe(
      'Up to 8, comma separated: ids of facts (indices.NIFTY.ltp) or labels (indices/NIFTY/LTP); or `*`, all of them.',
    ),
  from: time
    .optional()
    .describe(
      '-15m (s, m, h, d), an ISO 8601 time, or seconds or milliseconds since 1970. Default: 15 minutes before `to`.',
    ),
  to: time.optional().describe('The same; default now.'),
  step: time.optional().describe('Between two values: 10s, 1m. By default about 900 values.'),
})
const CSV_TYPE = 'text/csv; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

/** In an answer. */
const MAX_VERDICTS = 1_000

const inSec = (ms: number): number => Math.round(ms) / 1000

const timesOf = (day: Day) => ({
  healthy_sec: inSec(day.ms.healthy),
  attention_sec: inSec(day.ms.attention),
  failing_sec: inSec(day.ms.failing),
  unknown_sec: inSec(day.ms.unknown),
  uptime_pct: uptimePct(day),
})

function send(request: FastifyRequest, reply: FastifyReply, type: string, text: string): FastifyReply {
  const etag = `"${hash('sha256', text).slice(0, 16)}"`
  void reply.headers({ ETag: etag, Vary: 'Accept' })
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.header('Content-Type', type).send(text)
}

export function historyPlugin(parts: HistoryParts): HttpPlugin {
  return { name: 'history', register: app => historyRoutes(app, parts) }
}

function historyRoutes(
  app: FastifyInstance,
  { config, history, far = null, verdicts, clock }: HistoryParts,
): void {
  const tags = ['history']
  const checkOpen = (): void => {
    if (config().disableResyncHttp) throw new HttpError('resync_disabled')
  }
  app.get<{ Querystring: z.infer<typeof historyQuery> }>(
    '/summary/history',
    {
      config: { rules: RULES },
      schema: {
        summary:
          'Numbers of the board over time: the last 15 minutes one a second, with G6_HISTORY_DB the days before one a minute; text/csv when that is accepted',
        tags,
        querystring: historyQuery,
        response: { 200: historyDocument },
      },
    },
    async (request, reply) => {
      checkOpen()
      const names = seriesNames(request.query.series, MAX_SERIES)
      const nowMs = clock.nowMs()
      const count = seriesCount(history, names)
      const span = spanOf(request.query, count, nowMs, usualPoints(names, count))
      if (typeof span === 'string') throw new HttpError('invalid_query', `${span}.`)
      const document = await wholeDocument({ near: history, far }, names, span, nowMs)
      return prefersCsv(request.headers.accept)
        ? send(request, reply, CSV_TYPE, historyCsv(document))
        : send(request, reply, JSON_TYPE, JSON.stringify(document))
    },
  )
  app.get(
    '/summary/history/verdicts',
    {
      config: { rules: RULES },
      schema: {
        summary:
          'How the system was: each verdict with its reasons and how long it lasted, and the uptime of each day and week',
        tags,
        response: { 200: verdictLogDocument },
      },
    },
    (request, reply) => {
      checkOpen()
      const now = momentNow(clock)
      const rows = verdicts.rows(now)
      const { timezone } = config()
      const days = verdicts.days(now, timezone, atMs => offsetMs(timezone, atMs))
      const document: VerdictLogDocument = {
        schema_version: 'v1',
        since: rows[0]?.fromMs ?? null,
        verdicts: rows.slice(-MAX_VERDICTS).map(({ word, reasons, fromMs, toMs, lastedMs }) => ({
          word,
          reasons: [...reasons],
          from: Math.round(fromMs),
          to: toMs === null ? null : Math.round(toMs),
          lasted_sec: inSec(lastedMs),
        })),
        days: days.map(day => ({ day: day.day, ...timesOf(day) })),
        weeks: weeksOf(days).map(week => ({ from: week.day, ...timesOf(week) })),
      }
      return send(request, reply, JSON_TYPE, JSON.stringify(document))
    },
  )
}
