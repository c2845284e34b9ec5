// The board under a prefix of a Fastify app; only requests with the token may read it.
import Fastify from 'fastify'
import { createBoard, createHub, fields } from 'g6-stream'

const hub = createHub({
  authorize: request => request.header('x-api-token') === (process.env.TOKEN ?? 'secret'),
})
const app = Fastify()
app.register(hub.fastify, { prefix: '/live' })
await app.listen({ port: Number(process.env.PORT ?? 8080), host: 'localhost' })
process.stdout.write(`listening on port ${app.server.address().port}\n`)

const board = createBoard(hub)
const timer = setInterval(() => board.set('up', fields('Up', { seconds: process.uptime() })), 500)

process.once('SIGTERM', async () => {
  clearInterval(timer)
  await app.close() // closes the hub too
})
