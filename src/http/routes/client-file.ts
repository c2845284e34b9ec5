// GET /client.js, GET /chat-client.js: the published clients, each as one ES module, for pages without a build of their own.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { HttpError } from '../../contract/errors.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { matchesEtag } from '../etag.js'
import { textAnswer } from '../zod-schemas.js'

const RULES: RouteRules = { surface: 'other', access: 'open' }

const CLIENTS = [
  { name: 'client.js', summary: 'The client for browsers and Node, one ES module' },
  { name: 'chat-client.js', summary: 'The client of the chat relay for browsers and Node, one ES module' },
] as const

/** The folders of built modules, relative to the built program and to the sources. */
const FOLDERS = ['../../../', '../../../dist/'].map(path => new URL(path, import.meta.url))

type ClientFile = { readonly bytes: Buffer; readonly etag: string }

/** Null when it is not built. */
function readClient(name: string, folders: readonly URL[]): ClientFile | null {
  for (const folder of folders) {
    try {
      const bytes = readFileSync(new URL(name, folder))
      return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"` }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return null
}

export function clientFilePlugin(folders: readonly URL[] = FOLDERS): HttpPlugin {
  const clients = CLIENTS.map(({ name, summary }) => ({ name, summary, file: readClient(name, folders) }))
  return {
    name: 'client-file',
    register(app) {
      for (const { name, summary, file } of clients) {
        app.route({
          method: 'GET',
          url: `/${name}`,
          config: { rules: RULES },
          schema: { summary, tags: ['clients'], response: textAnswer('JavaScript', 'text/javascript') },
          handler: (request, reply) => {
            if (file === null) throw new HttpError('not_found')
            void reply.headers({ ETag: file.etag, 'Cache-Control': 'no-cache' })
            if (matchesEtag(request.headers['if-none-match'], file.etag)) return reply.code(304).send()
            return reply.header('Content-Type', 'text/javascript; charset=utf-8').send(file.bytes)
          },
        })
      }
    },
  }
}
