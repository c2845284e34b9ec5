// GET /client.js: the published client as one ES module, for pages that follow a board without a build of their own.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { HttpError } from '../../guards/errors.js'
import type { HttpPlugin, RouteRules } from '../../guards/seam.js'
import { textAnswer } from '../description.js'
import { matchesEtag } from '../etag.js'

const RULES: RouteRules = { surface: 'other', access: 'open' }

/** Where the built module lies, seen from the built program and from the sources. */
const PLACES = ['../../../client.js', '../../../dist/client.js'].map(path => new URL(path, import.meta.url))

type ClientFile = { readonly bytes: Buffer; readonly etag: string }

/** Null where it has not been built. */
function readClient(places: readonly URL[] = PLACES): ClientFile | null {
  for (const place of places) {
    try {
      const bytes = readFileSync(place)
      return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"` }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return null
}

export function clientFilePlugin(places?: readonly URL[]): HttpPlugin {
  const file = readClient(places)
  return {
    name: 'client-file',
    register(app) {
      app.route({
        method: 'GET',
        url: '/client.js',
        config: { rules: RULES },
        schema: {
          summary: 'The client for browsers and Node, one ES module',
          tags: ['clients'],
          response: textAnswer('JavaScript', 'text/javascript'),
        },
        handler: (request, reply) => {
          if (file === null) throw new HttpError('not_found')
          void reply.headers({ ETag: file.etag, 'Cache-Control': 'no-cache' })
          if (matchesEtag(request.headers['if-none-match'], file.etag)) return reply.code(304).send()
          return reply.header('Content-Type', 'text/javascript; charset=utf-8').send(file.bytes)
        },
      })
    },
  }
}
