// The description of the HTTP side, generated from the routes: OpenAPI 3.1 and the JSON Schemas of the documents. They hold no data,
// so /openapi.json and /schemas/*.json are open to all.
import Fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'
import type { RouteRules } from '../contract/plugin.js'
import { problemDocument } from '../protocol/events.js'
import { schemaDocuments } from './schema-documents.js'
import { jsonSchema, useZod, withoutCompilers } from './zod-schemas.js'

/** In addition to the answers of its own, every route may give this one. */
const PROBLEM = {
  description: 'An error; `code` is one of the table in docs/reference/errors.md',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } },
}

const TAKEN = ['params', 'querystring', 'headers', 'body'] as const

function described(schema: FastifySchema): FastifySchema {
  const { response } = schema
  const answers = Object.entries((response ?? {}) as Record<string, unknown>).map(([status, answer]) => [
    status,
    answer instanceof z.ZodType ? jsonSchema(answer, 'output') : answer,
  ])
  const taken = TAKEN.flatMap(part => {
    const each = schema[part]
    return each instanceof z.ZodType ? [[part, jsonSchema(each, 'input')]] : []
  })
  return {
    ...schema,
    ...Object.fromEntries(taken),
    response: { ...Object.fromEntries(answers), default: PROBLEM },
  }
}

/** What the description has of each route. */
export type DescribedRoute = Pick<RouteOptions, 'method' | 'url'> & {
  readonly schema: RouteOptions['schema'] | undefined
  readonly config: RouteOptions['config'] | undefined
}

export type DescriptionParts = {
  /** All routes of the server. */
  readonly routes: () => readonly DescribedRoute[]
  readonly version: string
  /** The address for people. Without one, that of the server is relative: the document may be below a path. */
  readonly publicUrl: string | null
}

/**
 * The OpenAPI document. It is made by a server of its own that opens nothing and has the same routes without their handlers, so
 * that the library for it (a third of a megabyte) is loaded by the few who ask for the document.
 */
export async function openApiOf({ routes, version, publicUrl }: DescriptionParts): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger')
  const app = Fastify({ exposeHeadRoutes: false, ...withoutCompilers })
  useZod(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'G6 Stream',
        version,
        description: 'Live status panels over one stream server. Events are described under /schemas.',
      },
      components: {
        schemas: { problem: jsonSchema(problemDocument, 'output') },
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'X-API-Token' },
          bearer: { type: 'http', scheme: 'bearer' },
          ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const rules = route.config?.rules
      const ticket = rules?.access === 'stream' ? [{ ticket: [] }] : []
      const security = rules?.access === 'open' ? [] : [{ token: [] }, { bearer: [] }, ...ticket]
      return { schema: { ...described(schema ?? {}), security }, url }
    },
  })
  for (const { method, url, schema = {}, config = {} } of routes())
    app.route({ method, url, schema, config, handler: () => {} })
  await app.ready()
  return { ...app.swagger(), servers: [{ url: publicUrl ?? '.' }] }
}

const RULES: RouteRules = { surface: 'other', access: 'open' }
const JSON_TYPE = 'application/json; charset=utf-8'

export function descriptionRoutes(app: FastifyInstance, parts: DescriptionParts): void {
  const config = { rules: RULES }
  // Made when they are asked for: they would delay each start by tens of milliseconds.
  let texts: ReadonlyMap<string, Buffer> | null = null
  let openapi: Promise<Buffer> | null = null
  const describe = { schema: { summary: 'This description', tags: ['description'] }, config }
  app.get('/openapi.json', describe, async (_, reply) => {
    openapi ??= openApiOf(parts).then(document => Buffer.from(JSON.stringify(document)))
    return reply.header('Content-Type', JSON_TYPE).send(await openapi)
  })
  const schemas = {
    schema: { summary: 'JSON Schema of an event or a document', tags: ['description'] },
    config,
  }
  app.get<{ Params: { file: string } }>('/schemas/:file', schemas, (request, reply) => {
    texts ??= schemaTexts()
    const text = texts.get(request.params.file)
    if (text === undefined) throw new HttpError('not_found')
    return reply.header('Content-Type', JSON_TYPE).send(text)
  })
}

function schemaTexts(): ReadonlyMap<string, Buffer> {
  return new Map(
    [...schemaDocuments()].map(([name, schema]) => [`${name}.json`, Buffer.from(JSON.stringify(schema))]),
  )
}
