// The board under a prefix of an Express app: http://localhost:8080/live/summary/events
import express from 'express'
import { createBoard, createHub, fields } from 'g6-stream'

const hub = createHub()
const app = express()
app.get('/', (_request, response) => {
  response.send('an app of its own')
})
app.use('/live', hub.express)
const server = app.listen(Number(process.env.PORT ?? 8080), 'localhost', () => {
  process.stdout.write(`listening on port ${server.address().port}\n`)
})

const board = createBoard(hub)
let visits = 0
const timer = setInterval(() => board.set('visits', fields('Visits', { total: ++visits })), 500)

process.once('SIGTERM', async () => {
  clearInterval(timer)
  await hub.close()
  server.close()
})
