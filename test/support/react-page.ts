// A React page of the tests: bundled once in memory, and served by routes of the server itself, so that page and stream have one origin.
import { build } from 'vite'
import type { HttpPlugin } from '../../src/contract/plugin.js'

const CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'"

/** The script of one entry, with all it imports. */
export async function bundled(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      write: false,
      copyPublicDir: false,
      minify: false,
      lib: { entry, formats: ['es'], fileName: 'page' },
    },
  })
  const [chunk] = [result].flat().flatMap(each => ('output' in each ? each.output : []))
  if (chunk?.type !== 'chunk') throw new Error(`no script came of ${entry}`)
  return chunk.code
}

/** GET /app?chat=ID: the page, with what `stored` gives for that chat. */
export function reactPagePlugin(script: string, stored: (chat: string) => unknown): HttpPlugin {
  const route = { config: { rules: { surface: 'other', access: 'open' } }, schema: { hide: true } } as const
  return {
    name: 'react-page',
    register: app => {
      app.get<{ Querystring: { chat: string } }>('/app', route, ({ query: { chat } }, reply) =>
        reply
          .header('Content-Security-Policy', CSP)
          .type('text/html')
          .send(`<!doctype html>
<meta charset="utf-8">
<title>Chat</title>
<link rel="icon" href="data:,">
<div id="page"></div>
<script type="application/json" id="stored">${JSON.stringify(stored(chat)).replaceAll('<', '\\u003c')}</script>
<script type="module" src="app.js"></script>
`),
      )
      app.get('/app.js', route, (_request, reply) => reply.type('text/javascript').send(script))
    },
  }
}
