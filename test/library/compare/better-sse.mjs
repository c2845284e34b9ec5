import { createServer } from 'node:http'
import { createChannel, createSession } from 'better-sse'

const channel = createChannel()
let newest = null
createServer(async (request, response) => {
  if (new URL(request.url, 'http://x').pathname !== '/events') {
    response.writeHead(404).end()
    return
  }
  const session = await createSession(request, response)
  if (newest !== null) session.push(newest, 'queue')
  channel.register(session)
}).listen(Number(process.env.PORT), 'localhost')
let n = 0
setInterval(() => {
  const next = { title: 'Queue', columns: ['job', 'done'], rows: [['mail', ++n]] }
  if (JSON.stringify(next) === JSON.stringify(newest)) return
  newest = next
  channel.broadcast(newest, 'queue')
}, 200)
