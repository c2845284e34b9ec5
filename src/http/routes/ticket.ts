// POST /summary/ticket: exchanges a token for a ticket that an EventSource can put into its address.
import type { FastifyInstance } from 'fastify'
import type { RouteRules } from '../../contract/plugin.js'
import { TICKET_TTL_MS } from '../../guards/ticket.js'
import { ticketDocument } from '../../protocol/events.js'
import type { Access } from '../access.js'

const RULES: RouteRules = { surface: 'stream', access: 'data' }

export function ticketRoute(app: FastifyInstance, access: Access): void {
  const schema = {
    summary: 'A ticket for one stream, for clients that cannot send headers',
    tags: ['stream'],
    response: { 201: ticketDocument },
  }
  app.post('/summary/ticket', { config: { rules: RULES }, schema }, (request, reply) =>
    reply
      .code(201)
      .send({ ticket: access.issueTicket(request.facts.owner), expires_in_sec: TICKET_TTL_MS / 1000 }),
  )
}
