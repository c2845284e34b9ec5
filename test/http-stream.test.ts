// The stream as the network sees it: head, framing, forms, and every way it can end.
import { afterEach, describe, expect, test } from 'vitest'
import { openStream, RawClient, type Rig, raw, startRig } from './http-rig.js'

let rig: Rig
afterEach(() => rig.close())

describe('the head of a stream', () => {
  test('HTTP/1.1 gets chunks and exactly the promised headers', async () => {
    rig = await startRig()
    const client = await openStream(rig, { 'X-Request-ID': 'abc-1' })
    await client.until(': hi')
    expect(client.status).toBe(200)
    expect(client.header('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(client.header('cache-control')).toBe('no-cache, no-transform')
    expect(client.header('x-accel-buffering')).toBe('no')
    expect(client.header('x-content-type-options')).toBe('nosniff')
    expect(client.header('vary')).toBe('Origin, Accept-Encoding')
    expect(client.header('x-request-id')).toBe('abc-1')
    expect(client.header('transfer-encoding')).toBe('chunked')
    expect(client.header('content-encoding')).toBeNull()
    expect(client.body).toBe('6\r\n: hi\n\n\r\n')
    client.socket.destroy()
  })

  test('fetch reads it as it comes', async () => {
    rig = await startRig()
    const response = await fetch(`${rig.url}/summary/events`, { headers: { 'Accept-Encoding': 'identity' } })
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(Buffer.from(value ?? []).toString()).toBe(': hi\n\n')
    await reader?.cancel()
  })
})
