// The board in a Hono app; the same with every server that turns a Request into a Response.
import { serve } from '@hono/node-server'
import { createBoard, createHub, text } from 'g6-stream'
import { Hono } from 'hono'

const hub = createHub()
const app = new Hono()
app.get('/', context => context.text('an app of its own'))
app.all('/live/summary/*', context => hub.fetch(context.req.raw))
const server = serve(
  { fetch: app.fetch, port: Number(process.env.PORT ?? 8080), hostname: 'localhost' },
  address => {
    process.stdout.write(`listening on port ${address.port}\n`)
  },
)

const board = createBoard(hub)
const timer = setInterval(() => board.set('clock', text('Clock', new Date().toISOString())), 500)

process.once('SIGTERM', async () => {
  clearInterval(timer)
  await hub.close()
  server.close()
})
