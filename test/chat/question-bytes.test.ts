// Questions whose bodies come slowly hold memory meanwhile: their bytes are counted, for each caller and in all.
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ask, type ChatRig, chatRigForEach, PREFIX, until } from '../support/chat-rig.js'

const start = chatRigForEach()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** As long as a question may be: twice 1 MiB of history, and the question with every character escaped. */
const LONGEST = 2 * 1024 * 1024 + 6 * 32_768
const from = (address: string) => ({ 'x-forwarded-for': address })

/** Sends a head and the first byte of a body; what comes back, if anything does. */
function trickle(here: ChatRig, address: string, length = `Content-Length: ${LONGEST}`) {
  const socket = connect(here.rig.port, '127.0.0.1')
  sockets.push(socket)
  const head = [
    `POST ${PREFIX}/chat-stream HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `X-Forwarded-For: ${address}`,
    length,
  ]
  socket.on('error', () => socket.destroy())
  const answer = new Promise<string>(resolve => {
    socket.once('data', (bytes: Buffer) => resolve(/"code":"(\w+)"/.exec(bytes.toString())?.[1] ?? 'none'))
  })
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  return { socket, answer }
}

test('one caller may announce four of the longest, all together thirty-two; small ones pass', async () => {
  const here = await start({ http: { trustProxy: ['127.0.0.1'] } })
  const begun = here.limits.started.length
  const admitted = (count: number) =>
    until(() => here.limits.started.length === begun + count, `${count} are on their way`)
  const first = [1, 2, 3, 4].map(() => trickle(here, '192.0.2.1'))
  await admitted(4)
  expect(await trickle(here, '192.0.2.1').answer).toBe('too_many_questions_at_once')
  expect(await trickle(here, '192.0.2.1', 'Transfer-Encoding: chunked').answer).toBe(
    'too_many_questions_at_once',
  )
  for (let n = 4; n < 32; n++) trickle(here, `192.0.2.${2 + Math.floor(n / 4)}`)
  await admitted(34)
  expect(await trickle(here, '198.51.100.1').answer).toBe('chat_full')
  // One gives up, and its place is free.
  first[0]?.socket.destroy()
  await until(async () => {
    const reader = await ask(here, { query: 'mock:{"finish":"done"}' }, from('198.51.100.2')).end()
    return reader.status === 200
  }, 'an ordinary question is answered')
})
