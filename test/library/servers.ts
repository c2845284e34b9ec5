// The same hub behind every kind of server it has an adapter for.
import { createServer } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { Server } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { LiveHub } from '../../src/index.js'

export type Served = { readonly url: string; close(): Promise<void> }

/** Listens on a free port; `prefix` is where the hub is. */
function served(server: Server, prefix: string): Promise<Served> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const close = () => new Promise<void>(done => server.close(() => done()))
      resolve({ url: `http://127.0.0.1:${port}${prefix}`, close })
    })
  })
}

export const SERVERS: Readonly<Record<string, (hub: LiveHub) => Promise<Served>>> = {
  'node:http': hub => served(createServer(hub.handler), '/any/prefix'),
  express: hub => served(createServer(express().use('/live', hub.express)), '/live'),
  fastify: async hub => {
    // A connection that a client has opened and not used would hold up the end of a test.
    const app = Fastify({ forceCloseConnections: true })
    await app.register(hub.fastify, { prefix: '/live' })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url: `${url}/live`, close: () => app.close() }
  },
  hono: hub =>
    new Promise(resolve => {
      const app = new Hono().all('/live/summary/*', context => hub.fetch(context.req.raw))
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
        const close = () => new Promise<void>(done => void server.close(() => done()))
        resolve({ url: `http://127.0.0.1:${port}/live`, close })
      })
    }),
}

/** The first bytes of one stream over HTTP/2, up to the text that is waited for. */
export async function overHttp2(hub: LiveHub, until: string): Promise<{ status: unknown; body: string }> {
  const server = await served(createHttp2Server(hub.handler), '')
  const session = connectHttp2(server.url)
  try {
    const stream = session.request({ ':path': '/summary/events' })
    const status = new Promise(resolve => stream.once('response', headers => resolve(headers[':status'])))
    let body = ''
    for await (const piece of stream.setEncoding('utf8')) {
      body += String(piece)
      if (body.includes(until)) break
    }
    return { status: await status, body }
  } finally {
    session.destroy()
    await server.close()
  }
}
