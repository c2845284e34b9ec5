// Streams read by the Durable Streams protocol: its published tests, and its published client.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryStore } from '../../src/chat/log/memory-store.js'
import { type ChatRig, startChatRig } from '../support/chat-rig.js'
import { startDurableWriter } from '../support/durable-writer.js'

const SELECTED = process.env.SEL ?? '.'

let rig: ChatRig
let writer: Awaited<ReturnType<typeof startDurableWriter>>
beforeAll(async () => {
  const store = new MemoryStore({ logBytes: () => 64 * 1024 * 1024 })
  rig = await startChatRig({ store })
  writer = await startDurableWriter(store, rig.base, id => `/chat-stream/${id}`)
})
afterAll(async () => {
  await writer.close()
  await rig.close()
})

test('the published tests of reading pass', async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['test/support/run-durable-suite.mjs', SELECTED],
    { env: { ...process.env, DURABLE_URL: writer.url, VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '' } , maxBuffer: 1e8},
  )
  const { passed, failed } = JSON.parse(stdout)
  if (process.env.SEL) (await import('node:fs')).writeFileSync('/tmp/dur-out.txt', stderr)
  console.log(passed.join('\n'))
  console.log('FAILED\n' + failed.join('\n'))
}, 600_000)
