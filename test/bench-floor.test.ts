// The floor of `g6 bench chat` and `g6 bench gateway`, as they run it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Child } from '../bench/child.js'
import { listening } from '../bench/own-server.js'

const FLOOR = fileURLToPath(new URL('../dist/bench/chat/floor.js', import.meta.url))

test('the floor numbers every event of an answer, wherever its chunks end, and passes it on once', async () => {
  const chunks = ['data: a\n\nda', 'ta: b\n\ndata: c\n\n']
  const upstream = createServer((_, response) => {
    const [first = '', second = ''] = chunks
    response.write(first, () => response.end(second))
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  const floor = await listening(new Child('floor', [process.execPath, FLOOR, `http://127.0.0.1:${port}`]))
  try {
    const answer = await fetch(floor.url, { method: 'POST', body: '{}' })
    expect(await answer.text()).toBe('id: 0\ndata: a\n\nid: 1\ndata: b\n\nid: 2\ndata: c\n\n')
    expect(await (await fetch(`${floor.url}/cpu`)).json()).toMatchObject({ user: expect.any(Number) })
  } finally {
    await floor.stop()
    upstream.closeAllConnections()
    upstream.close()
  }
})
