// GET /summary/events: the stream. The route checks the query, opens the stream, and gives it to the hub.
// POST /summary/ticket: exchanges a token for a ticket that an EventSource can put into its address.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Board } from '../../board/board.js'
import type { HttpShell, RouteRules, StreamOptions } from '../../contract/plugin.js'
import type { HubLike, JoinRequest } from '../../hub/hub-types.js'
import { decideResume, isOfEpoch, subsetSuffix } from '../../hub/resume.js'
import { ticketDocument } from '../../protocol/events.js'
import type { Access } from '../access.js'
import type { HttpConfig } from '../http-config.js'
import { type StreamQuery, streamQuery, wantedStream } from '../queries.js'
import { textAnswer } from '../zod-schemas.js'

export type EventsParts = {
  readonly config: () => HttpConfig
  readonly hub: HubLike
  readonly panelKeys: () => ReadonlySet<string>
  readonly shell: HttpShell
  /** Brings the board up to date with that of other servers; absent for a server by itself. */
  readonly catchUp?: (() => Promise<void>) | undefined
}

const STREAM: RouteRules = { surface: 'stream', access: 'stream' }
const TICKET: RouteRules = { surface: 'stream', access: 'data' }
const PATHS = ['/summary/events', '/summary/stream']

type Query = { Querystring: StreamQuery }

export function eventsRoutes(app: FastifyInstance, parts: EventsParts): void {
  const { config, hub, panelKeys, shell, catchUp } = parts

  /** The join request, without the connection. Throws for a query that cannot be served. */
  function requested(request: FastifyRequest<Query>): Omit<JoinRequest, 'transport' | 'wire'> {
    const { query, headers, facts } = request
    const wanted = wantedStream(query, headers['last-event-id'], panelKeys(), config().sseStructured)
    return { ...wanted, owner: facts.owner }
  }
  const options = (): StreamOptions => ({ gzip: config().sseGzip, counted: true })

  const get = (request: FastifyRequest<Query>, reply: FastifyReply): void | Promise<void> => {
    const wanted = requested(request)
    const join = (): void => {
      const stream = shell.openStream(request, reply, options())
      if (stream !== null) hub.join({ ...stream, ...wanted })
    }
    const isLate = catchUp !== undefined && isUnknownHere(hub.board, wanted)
    return isLate ? catchUp().then(join) : join()
  }
  const head = (request: FastifyRequest<Query>, reply: FastifyReply): void => {
    requested(request)
    shell.answerHead(request, reply, options())
  }

  const isReturn = (lastEventId: string): boolean => hub.board !== null && isOfEpoch(lastEventId, hub.board)
  const rules: RouteRules = catchUp === undefined ? STREAM : { ...STREAM, isReturn }
  for (const url of PATHS) {
    const route = { url, exposeHeadRoute: false, config: { rules } }
    const schema = {
      summary: 'The stream of panel updates',
      description: 'Its events are described under /schemas.',
      tags: ['stream'],
      querystring: streamQuery,
      response: textAnswer('The stream', 'text/event-stream'),
    }
    app.route<Query>({ ...route, method: 'GET', schema, handler: get })
    app.route<Query>({ ...route, method: 'HEAD', schema: { ...schema, hide: true }, handler: head })
  }
}

/** Its id is of an epoch or a generation that this server does not have: another one may have published it a moment ago. */
function isUnknownHere(
  board: Board | null,
  { lastEventId, subset }: Pick<JoinRequest, 'lastEventId' | 'subset'>,
): boolean {
  if (board === null || lastEventId === null) return false
  const resume = decideResume(lastEventId, board, subsetSuffix(subset))
  return resume.kind === 'refused' && (resume.reason === 'epoch' || resume.reason === 'ahead')
}

export function ticketRoute(app: FastifyInstance, access: Access): void {
  const schema = {
    summary: 'A ticket for one stream, for clients that cannot send headers',
    tags: ['stream'],
    response: { 201: ticketDocument },
  }
  app.post('/summary/ticket', { config: { rules: TICKET }, schema }, (request, reply) =>
    reply.code(201).send(access.issueTicket(request.facts.owner)),
  )
}
