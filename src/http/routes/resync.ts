// GET /summary/resync: the whole board as one document, for clients whose hashes do not match.
import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { type Board, SCHEMA_VERSION } from '../../board/board.js'
import { HttpError } from '../../contract/errors.js'
import { matchesEtag } from '../../contract/negotiation.js'
import type { RouteRules } from '../../contract/plugin.js'
import type { HubLike, View } from '../../hub/hub-types.js'
import { subsetSuffix } from '../../hub/resume.js'
import { type ResyncDocument, resyncDocument } from '../../protocol/events.js'
import type { HttpConfig } from '../http-config.js'
import { panelSubset, type ResyncQuery, resyncQuery } from '../queries.js'

export type ResyncParts = {
  readonly config: () => HttpConfig
  readonly hub: HubLike
  readonly panelKeys: () => ReadonlySet<string>
  readonly onResync: (() => void) | undefined
}

const RULES: RouteRules = { surface: 'resync', access: 'data' }
/** Different answers kept for one board: many clients that come at once mostly want the same one. */
const MAX_KEPT = 16

/** The board (or some of its panels) as a document. */
export function resyncOf(board: Board, subset: readonly string[] | null, view: View): ResyncDocument {
  const wanted = subset === null ? null : new Set(subset)
  const panels: Record<string, ResyncDocument['panels'][string]> = {}
  for (const { key, hash, title, tone, lines, blocks, facts, since } of board.panels.values()) {
    if (wanted !== null && !wanted.has(key)) continue
    const shown = { hash, title, tone, lines: [...lines] }
    const more = view === 'blocks' ? { blocks: blocks.map(block => ({ ...block })), facts } : {}
    panels[key] = { ...shown, ...more, since }
  }
  const { epoch, generation, cycle, builtAtMs: ts } = board
  const verdict = board.verdict === null ? {} : { verdict: board.verdict }
  return { schema_version: SCHEMA_VERSION, epoch, generation, cycle, ts, panels, ...verdict }
}

/** Texts of the newest board, by query. */
class ResyncTexts {
  #board: Board | null = null
  readonly #texts = new Map<string, Buffer>()

  of(board: Board, subset: readonly string[] | null, view: View): Buffer {
    if (this.#board !== board || this.#texts.size >= MAX_KEPT) this.#texts.clear()
    this.#board = board
    const key = `${view} ${subset === null ? '' : subset.join(',')}`
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const made = Buffer.from(JSON.stringify(resyncOf(board, subset, view)))
    this.#texts.set(key, made)
    return made
  }
}

/** The verdict may change without the panels. */
function verdictSuffix({ verdict }: Board): string {
  return verdict === null ? '' : `-${hash('sha256', JSON.stringify(verdict)).slice(0, 8)}`
}

/** The answers of /summary/resync. `bytes` is null when the client has this document already. Throws HttpError. */
export class ResyncAnswers {
  readonly #texts = new ResyncTexts()

  of(
    board: Board | null,
    subset: readonly string[] | null,
    view: View,
    ifNoneMatch: string | undefined,
  ): { readonly etag: string; readonly bytes: Buffer | null } {
    if (board === null || board.generation === 0) {
      throw new HttpError('starting', undefined, { 'Retry-After': '1' })
    }
    const etag = `"${board.epoch}-${board.generation}${subsetSuffix(subset)}${verdictSuffix(board)}"`
    if (matchesEtag(ifNoneMatch, etag)) return { etag, bytes: null }
    return { etag, bytes: this.#texts.of(board, subset, view) }
  }
}

export function resyncRoute(app: FastifyInstance, parts: ResyncParts): void {
  const answers = new ResyncAnswers()
  app.get<{ Querystring: ResyncQuery }>(
    '/summary/resync',
    {
      config: { rules: RULES },
      schema: {
        summary: 'The whole board as one document',
        tags: ['board'],
        querystring: resyncQuery,
        response: { 200: resyncDocument },
      },
    },
    (request, reply) => {
      if (parts.config().disableResyncHttp) throw new HttpError('resync_disabled')
      const subset = panelSubset(request.query.panels, parts.panelKeys())
      parts.onResync?.()
      const ifNoneMatch = request.headers['if-none-match']
      const view = request.query.view ?? 'lines'
      const { etag, bytes } = answers.of(parts.hub.board, subset, view, ifNoneMatch)
      void reply.header('ETag', etag)
      if (bytes === null) return reply.code(304).send()
      return reply.header('Content-Type', 'application/json; charset=utf-8').send(bytes)
    },
  )
}
