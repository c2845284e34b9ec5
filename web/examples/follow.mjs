// Prints what changes on a board: node web/examples/follow.mjs http://127.0.0.1:9329 [changes]
import { connect } from 'g6-stream/client'

const [server = 'http://127.0.0.1:9329', changes = 'Infinity'] = process.argv.slice(2)
const connection = connect(server, { token: process.env.G6_SSE_API_TOKEN })
connection.on('error', error => console.error(error.message))
let left = Number(changes)
for await (const { generation, panels } of connection) {
  for (const { title, lines } of Object.values(panels))
    console.log(`${generation} [${title}]\n${lines.join('\n')}\n`)
  if (--left <= 0) connection.close()
}
