// GET /chat: the chat page's document, its style and its script (web/chat/); nothing from other origins, nothing inline. The files
// are read and gzipped with the first request, so a server whose relay is off keeps none of them.
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import { acceptsGzip, matchesEtag } from '../../contract/negotiation.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { readBuilt } from '../../files/built.js'
import { type PageFile, pageFile } from './built-files.js'

/** What the page shows of this server; anybody can read it. */
export type ChatPageFacts = {
  /** The display name of what answers. */
  readonly backend: string
  /** How many questions one may ask in which time. */
  readonly rate: { readonly count: number; readonly windowSec: number }
  /** How long an answer is held after its end. */
  readonly holdsMs: number
  readonly examples: readonly string[]
}

export type ChatPageParts = {
  readonly isInUse: () => boolean
  /** That of the relay's routes. */
  readonly prefix: string
  readonly facts: () => ChatPageFacts
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const attribute = (text: string): string => text.replace(/[&<>"]/g, sign => ENTITIES[sign] ?? '')

function pageDocument(prefix: string, facts: ChatPageFacts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<meta name="g6-chat-prefix" content="${attribute(prefix)}">
<meta name="g6-chat-page" content="${attribute(JSON.stringify(facts))}">
<title>Chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="chat/page.css">
<script type="module" src="chat/page.js"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`
}

const RULES: RouteRules = { surface: 'other', access: 'open' }

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

type Files = Readonly<Record<'js' | 'css', PageFile>>

function readFiles(): Files | null {
  return readBuilt(folder => ({
    js: pageFile(new URL('chat-page.js', folder)),
    css: pageFile(new URL('chat-page.css', folder)),
  }))
}

/** 404 while the relay is not in use, and when the page was not built (`npm run build`). */
export function chatPagePlugin({ isInUse, prefix, facts }: ChatPageParts): HttpPlugin {
  let files: Files | null = null
  const known = (): Files => {
    if (!isInUse()) throw new HttpError('not_found')
    files ??= readFiles()
    if (files === null) throw new HttpError('not_found')
    return files
  }
  return {
    name: 'chat-page',
    register: (app: FastifyInstance) => {
      const route = { config: { rules: RULES }, schema: { hide: true } }
      app.get('/chat', route, (_request, reply) => {
        known()
        return reply
          .headers({ 'Content-Security-Policy': CSP, 'Cache-Control': 'no-cache' })
          .type('text/html; charset=utf-8')
          .send(pageDocument(prefix, facts()))
      })
      for (const kind of ['js', 'css'] as const) {
        app.get(`/chat/page.${kind}`, route, ({ headers }, reply) => {
          const { type, bytes, gzipped, etag } = known()[kind]
          void reply.headers({
            'Content-Security-Policy': CSP,
            'Cache-Control': 'no-cache',
            ETag: etag,
            Vary: 'Origin, Accept-Encoding',
          })
          if (matchesEtag(headers['if-none-match'], etag)) return reply.code(304).send()
          if (!acceptsGzip(headers['accept-encoding'])) return reply.type(type).send(bytes)
          return reply.type(type).header('Content-Encoding', 'gzip').send(gzipped())
        })
      }
    },
  }
}
