// GET /openapi.json and /schemas/*.json: the description of routes and documents. They hold no data, so they are open to all.
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import type { RouteRules } from '../../contract/plugin.js'
import { schemaDocuments } from '../schema-documents.js'

const RULES: RouteRules = { surface: 'other', access: 'open' }
const JSON_TYPE = 'application/json; charset=utf-8'

export function descriptionRoutes(app: FastifyInstance): void {
  const config = { rules: RULES }
  const texts = new Map(
    [...schemaDocuments()].map(([name, schema]) => [`${name}.json`, Buffer.from(JSON.stringify(schema))]),
  )
  let openapi: Buffer | null = null
  const describe = { schema: { summary: 'This description', tags: ['description'] }, config }
  app.get('/openapi.json', describe, (_, reply) => {
    openapi ??= Buffer.from(JSON.stringify(app.swagger()))
    return reply.header('Content-Type', JSON_TYPE).send(openapi)
  })
  const schemas = {
    schema: { summary: 'JSON Schema of an event or a document', tags: ['description'] },
    config,
  }
  app.get<{ Params: { file: string } }>('/schemas/:file', schemas, (request, reply) => {
    const text = texts.get(request.params.file)
    if (text === undefined) throw new HttpError('not_found')
    return reply.header('Content-Type', JSON_TYPE).send(text)
  })
}
