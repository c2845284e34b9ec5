// Routes declare zod schemas: Fastify validates with them, and the OpenAPI description is generated from the same objects.
import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'

/** Names the first fault, without repeating the client's value. */
function detailOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined
    ? 'The request is not valid.'
    : `${issue.path.join('.') || 'query'}: ${issue.message}`
}

export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const parsed = schema.safeParse(data)
    return parsed.success
      ? { value: parsed.data }
      : { error: new HttpError('invalid_query', detailOf(parsed.error)) }
  }
}

/** JSON Schema 2020-12 of what a client sends (`input`) or reads (`output`). */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) }
}
