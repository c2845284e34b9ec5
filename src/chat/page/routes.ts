// GET /chat: the demo page, its style and its script; nothing from other origins, nothing inline.
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import type { HttpPlugin, RouteRules } from '../../contract/plugin.js'
import { readBuilt } from '../../files/built.js'
import { pageDocument, pageStyle } from './document.js'

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

export type PageParts = { readonly isInUse: () => boolean; readonly prefix: string }

/** 404 while the relay is not in use, and when the script was not built (`npm run build`). */
export function chatPagePlugin({ isInUse, prefix }: PageParts): HttpPlugin {
  return {
    name: 'chat-page',
    register: (app: FastifyInstance) => {
      const script = readBuilt(folder => readFileSync(new URL('chat-page.js', folder), 'utf8'))
      const files: readonly (readonly [path: string, type: string, text: string | null])[] = [
        ['/chat', 'text/html; charset=utf-8', pageDocument(prefix)],
        ['/chat/page.css', 'text/css; charset=utf-8', pageStyle()],
        ['/chat/page.js', 'text/javascript; charset=utf-8', script],
      ]
      for (const [path, type, text] of files) {
        app.get(path, { config: { rules: RULES }, schema: { hide: true } }, (_request, reply) => {
          if (!isInUse() || text === null || script === null) throw new HttpError('not_found')
          return reply.header('Content-Security-Policy', CSP).type(type).send(text)
        })
      }
    },
  }
}
