// graphql-sse as its documentation shows it: node:http and one subscription, each client in a connection of its own.
import http from 'node:http'
import { GraphQLObjectType, GraphQLScalarType, GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/http'
import { paddingFor } from '../payload.js'
import { eventSizeBytes, listen, nowNs, serveControl } from './control.js'

/** `event: next`, the members of the answer with their names and numbers, and the blank line. */
const OVERHEAD_BYTES = 90

type Event = { readonly s: number; readonly t: number; readonly p: string }

const padding = paddingFor(eventSizeBytes(), OVERHEAD_BYTES)
const waiting = new Set<() => void>()
let newest: Event | null = null

async function* events(): AsyncGenerator<{ event: Event | null }> {
  for (;;) {
    await new Promise<void>(resolve => waiting.add(resolve))
    yield { event: newest }
  }
}

const type = new GraphQLScalarType<Event, Event>({ name: 'Event' })
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { event: { type } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { event: { type, subscribe: events } },
  }),
})
const handler = createHandler({ schema })

const server = http.createServer((request, response) => {
  handler(request, response).catch((error: unknown) => {
    process.stderr.write(`graphql-sse: ${String(error)}\n`)
    response.destroy()
  })
})

await serveControl({
  port: await listen(server),
  path: `/graphql/stream?query=${encodeURIComponent('subscription{event}')}`,
  publish(seq) {
    newest = { s: seq, t: nowNs(), p: padding }
    const woken = [...waiting]
    waiting.clear()
    for (const wake of woken) wake()
    return new Promise(resolve => setImmediate(resolve))
  },
})
