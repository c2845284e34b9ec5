import { createServer } from 'node:http'
import { buildSchema } from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/http'

const schema = buildSchema(`
  type Table { title: String! columns: [String!]! rows: [[String!]!]! }
  type Query { queue: Table }
  type Subscription { queue: Table }
`)
let newest = null
let wake = deferred()
function deferred() {
  let resolve
  const promise = new Promise(done => {
    resolve = done
  })
  return { promise, resolve }
}
async function* queue() {
  for (;;) {
    if (newest !== null) yield { queue: newest }
    await wake.promise
  }
}
schema.getSubscriptionType().getFields().queue.subscribe = queue
const handler = createHandler({ schema })
createServer((request, response) => {
  handler(request, response).catch(() => response.destroy())
}).listen(Number(process.env.PORT), 'localhost')
let n = 0
setInterval(() => {
  const next = { title: 'Queue', columns: ['job', 'done'], rows: [['mail', String(++n)]] }
  if (JSON.stringify(next) === JSON.stringify(newest)) return
  newest = next
  const { resolve } = wake
  wake = deferred()
  resolve()
}, 200)
