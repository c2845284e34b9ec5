// Routes declare zod schemas: Fastify validates with them, and the OpenAPI description is generated from the same objects.
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'

/** Names the first fault, without repeating the client's value. */
function detailOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined
    ? 'The request is not valid.'
    : `${issue.path.join('.') || 'query'}: ${issue.message}`
}

function validated<T>(
  schema: z.ZodType<T>,
  data: unknown,
): { readonly value: T } | { readonly error: HttpError } {
  const parsed = schema.safeParse(data)
  return parsed.success
    ? { value: parsed.data }
    : { error: new HttpError('invalid_query', detailOf(parsed.error)) }
}

const zodValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema }) =>
  data =>
    validated(schema, data)

const notUsed = (): never => {
  throw new Error('no compiler of its own: call useZod on the server')
}

/** For the options of a server that uses zod: Fastify would load ajv and fast-json-stringify, which take longer than all else. */
export const withoutCompilers = {
  schemaController: { compilersFactory: { buildValidator: notUsed, buildSerializer: notUsed } },
}

/** The server validates with zod and writes JSON as it is. */
export function useZod(app: FastifyInstance): void {
  app.setValidatorCompiler(zodValidator)
  app.setSerializerCompiler(() => data => JSON.stringify(data))
}

/** The query of a request target, for requests that Fastify does not see. Throws HttpError `invalid_query`. */
export function queryOf<T>(schema: z.ZodType<T>, target: string): T {
  const parameters = new URLSearchParams(target.split('?', 2)[1] ?? '')
  const data = Object.fromEntries(
    [...parameters.keys()].map(name => {
      const [first, ...more] = parameters.getAll(name)
      return [name, more.length === 0 ? first : [first, ...more]]
    }),
  )
  const result = validated(schema, data)
  if ('error' in result) throw result.error
  return result.value
}

/** JSON Schema 2020-12 of what a client sends (`input`) or reads (`output`). */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) }
}

/** The answer of a route that does not answer with JSON. */
export function textAnswer(description: string, contentType = 'text/plain'): object {
  return { 200: { description, content: { [contentType]: { schema: { type: 'string' } } } } }
}
