// GET /chat: the demo page, its style and its script (client/chat/page); nothing from other origins, nothing inline.
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../contract/errors.js'
import type { HttpPlugin, RouteRules } from '../contract/plugin.js'
import { readBuilt } from '../files/built.js'

const STYLE = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; display: flex; flex-direction: column; min-height: 95vh; }
h1 { font-size: 1.3rem; margin: 0 0 1rem; }
main { flex: 1; display: flex; flex-direction: column; }
#conversation { flex: 1; }
.turn { margin: 0 0 1.5rem; }
.question { font-size: 1rem; margin: 0 0 0.3rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; min-height: 1.5em; }
.answer[aria-busy="true"]::after { content: "\\2026"; }
.sources { font-size: 0.9rem; }
.snippet { margin: 0; }
.note { font-style: italic; }
.fault { border-left: 0.25rem solid #c00; padding-left: 0.5rem; }
form { position: sticky; bottom: 0; background: Canvas; padding: 0.5rem 0; display: grid; gap: 0.4rem; }
textarea, input { font: inherit; width: 100%; box-sizing: border-box; padding: 0.4rem; }
button { font: inherit; padding: 0.4rem 1rem; min-height: 2.75rem; }
:focus-visible { outline: 0.2rem solid Highlight; outline-offset: 0.1rem; }
.keys { font-size: 0.85rem; margin: 0; }
`

/** `prefix`: that of the relay's routes; a path of plain characters (the setting checks it). */
function pageDocument(prefix: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="g6-chat-prefix" content="${prefix}">
<title>Chat</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="chat/page.css">
<script type="module" src="chat/page.js"></script>
</head>
<body>
<header><h1>Chat</h1></header>
<main>
<section id="conversation" role="log" aria-label="Conversation"></section>
<form id="ask" aria-label="Ask">
<p id="status" role="status"></p>
<label for="question">Your question</label>
<textarea id="question" rows="3" required autocomplete="off" aria-describedby="keys"></textarea>
<p id="keys" class="keys">Enter sends, Shift and Enter begin a new line, Escape stops the answer.</p>
<div><button id="send" type="submit">Send</button> <button id="stop" type="button" disabled>Stop</button></div>
<details><summary>Access token</summary>
<label for="token">Token, where the server asks for one; kept in this tab only</label>
<input id="token" type="password" autocomplete="off" spellcheck="false">
</details>
</form>
<noscript>This page needs JavaScript.</noscript>
</main>
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

export type PageParts = { readonly isInUse: () => boolean; readonly prefix: string }

/** 404 while the relay is not in use, and when the script was not built (`npm run build`). */
export function chatPagePlugin({ isInUse, prefix }: PageParts): HttpPlugin {
  return {
    name: 'chat-page',
    register: (app: FastifyInstance) => {
      const script = readBuilt(folder => readFileSync(new URL('chat-page.js', folder), 'utf8'))
      const files: readonly (readonly [path: string, type: string, text: string | null])[] = [
        ['/chat', 'text/html; charset=utf-8', pageDocument(prefix)],
        ['/chat/page.css', 'text/css; charset=utf-8', STYLE],
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
