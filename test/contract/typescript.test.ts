import { expect, test } from 'vitest'
import { contractTests } from './contract.js'
import { CAPABILITIES, startService } from './typescript/service.js'

contractTests(startService)

test('the service says what it can do, refuses what it does not know, and ends when told to', async () => {
  const { url } = await startService()
  expect(await (await fetch(url)).json()).toEqual({ capabilities: CAPABILITIES })
  const asked = (path: string, body: string) => fetch(`${url}${path}`, { method: 'POST', body })
  expect((await asked('/', '{}')).status).toBe(400)
  expect((await asked('/', 'no JSON')).status).toBe(400)
  expect((await asked('/streams/9', '{"command":"restart"}')).status).toBe(404)
  const given = { streamUrl: `${url}/nowhere`, callbackUrl: `${url}/nowhere` }
  const address = (await asked('/', JSON.stringify(given))).headers.get('location') ?? ''
  expect((await asked(address, '{"command":"dance"}')).status).toBe(400)
  expect((await fetch(`${url}${address}`, { method: 'DELETE' })).status).toBe(204)
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
  await expect(fetch(url)).rejects.toThrow()
})
