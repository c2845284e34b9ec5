import { createServer } from 'node:http'
import { createBoard, createHub, table } from 'g6-stream'

const hub = createHub()
createServer(hub.handler).listen(Number(process.env.PORT), 'localhost')
const board = createBoard(hub)
let n = 0
setInterval(() => board.set('queue', table('Queue', ['job', 'done'], [['mail', ++n]])), 200)
