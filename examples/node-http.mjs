// The board of a program of yours, served by node:http.
import { createServer } from 'node:http'
import { createBoard, createHub, fields, table } from 'g6-stream'

const hub = createHub({ page: true }) // also the page, at http://localhost:8080/
const server = createServer(hub.handler).listen(Number(process.env.PORT ?? 8080), 'localhost', () => {
  process.stdout.write(`listening on port ${server.address().port}\n`)
})

const board = createBoard(hub)
let done = 0
const timer = setInterval(() => {
  done++
  board.set(
    'queue',
    table(
      'Queue',
      ['job', 'state'],
      [
        ['mail', 'running'],
        ['report', { text: 'late', tone: 'warn' }],
      ],
    ),
  )
  board.set('sum', fields('Sum', { jobs: 2, done }))
}, 500)

process.once('SIGTERM', async () => {
  clearInterval(timer)
  await hub.close()
  server.close()
})
