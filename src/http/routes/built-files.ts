// GET /: the built page (web/), read once and kept in memory, and gzipped when it is first asked for. Browsers ask for its document each
// time (ETag); all other files have a hash in their name and never change. GET /client.js, GET /chat-client.js, GET /resumable-fetch.js:
// the published clients, each as one ES module, for pages without a build of their own.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { extname } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import { acceptsGzip, matchesEtag } from '../../contract/negotiation.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { readBuilt } from '../../files/built.js'
import { textAnswer } from '../zod-schemas.js'

const RULES: RouteRules = { surface: 'other', access: 'open' }

export const DOCUMENT = 'index.html'
export const NOT_BUILT =
  'The page is not built here; `npm run build` builds it. The board itself is at /summary/resync.'

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // One: that of the worker's address (web/follow/link.ts).
  'trusted-types g6-feed',
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

type BuiltFile = { readonly bytes: Buffer; readonly etag: string }
export type PageFile = BuiltFile & { readonly type: string; readonly gzipped: () => Buffer }

export type PagePlugin = HttpPlugin & {
  /** Whether there is a page. */
  readonly built: boolean
}

function builtFile(url: URL): BuiltFile {
  const bytes = readFileSync(url)
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"` }
}

export function pageFile(url: URL): PageFile {
  const type = TYPES[extname(url.pathname)]
  if (type === undefined)
    throw new Error(
      `the page has a file of unknown type: ${url.pathname}; known: ${Object.keys(TYPES).join(', ')}`,
    )
  const file = builtFile(url)
  let made: Buffer | null = null
  const gzipped = (): Buffer => {
    made ??= gzipSync(file.bytes, { level: 9 })
    return made
  }
  return { ...file, type, gzipped }
}

/** By name within the page's folder; empty when it is not built. */
export function readPage(folders?: readonly URL[]): ReadonlyMap<string, PageFile> {
  const files = readBuilt(folder => {
    const page = new URL('page/', folder)
    const assets = readdirSync(new URL('assets/', page)).map(name => `assets/${name}`)
    return [DOCUMENT, ...assets].map((name): [string, PageFile] => [name, pageFile(new URL(name, page))])
  }, folders)
  return new Map(files)
}

type PageHeaders = Pick<IncomingHttpHeaders, 'accept-encoding' | 'if-none-match'>

/** `bytes` is null when the client has this file already. */
export function pageAnswer(
  name: string,
  { type, bytes, gzipped, etag }: PageFile,
  headers: PageHeaders,
): { readonly headers: Readonly<Record<string, string>>; readonly bytes: Buffer | null } {
  const common = {
    'Cache-Control': name === DOCUMENT ? 'no-cache' : 'public, max-age=31536000, immutable',
    'Content-Security-Policy': CSP,
    ETag: etag,
    Vary: 'Origin, Accept-Encoding',
  }
  if (matchesEtag(headers['if-none-match'], etag)) return { headers: common, bytes: null }
  if (!acceptsGzip(headers['accept-encoding'])) return { headers: { ...common, 'Content-Type': type }, bytes }
  return { headers: { ...common, 'Content-Type': type, 'Content-Encoding': 'gzip' }, bytes: gzipped() }
}

function send(request: FastifyRequest, reply: FastifyReply, name: string, file: PageFile): FastifyReply {
  const { headers, bytes } = pageAnswer(name, file, request.headers)
  void reply.headers(headers)
  return bytes === null ? reply.code(304).send() : reply.send(bytes)
}

export function pagePlugin(folders?: readonly URL[]): PagePlugin {
  const files = readPage(folders)
  return {
    name: 'page',
    built: files.size > 0,
    register(app) {
      app.route({
        method: 'GET',
        url: '/',
        // Under a path too, relative addresses need the slash at its end.
        prefixTrailingSlash: 'slash',
        config: { rules: RULES },
        schema: {
          summary: 'The page: the board in a browser',
          tags: ['board'],
          response: textAnswer('The document', 'text/html'),
        },
        handler: (request, reply) => {
          const document = files.get(DOCUMENT)
          if (document === undefined) throw new HttpError('not_found', NOT_BUILT)
          return send(request, reply, DOCUMENT, document)
        },
      })
      for (const [name, file] of files) {
        if (name === DOCUMENT) continue
        app.route({
          method: 'GET',
          url: `/${name}`,
          config: { rules: RULES },
          schema: { hide: true },
          handler: (request, reply) => send(request, reply, name, file),
        })
      }
    },
  }
}

const CLIENTS = [
  { name: 'client.js', summary: 'The client for browsers and Node, one ES module' },
  { name: 'chat-client.js', summary: 'The client of the chat relay for browsers and Node, one ES module' },
  {
    name: 'resumable-fetch.js',
    summary: 'A fetch for the SDKs of models that resumes answers, one ES module',
  },
] as const

export function clientFilePlugin(folders?: readonly URL[]): HttpPlugin {
  const clients = CLIENTS.map(client => {
    const file = readBuilt(folder => builtFile(new URL(client.name, folder)), folders)
    return { ...client, file }
  })
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
