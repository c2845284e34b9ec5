// The page as files: what is served, how it is kept by browsers, and what a browser is allowed to do with it.
import { beforeEach, expect, test } from 'vitest'
import { pagePlugin } from '../../src/http/routes/built-files.js'
import { RawClient, type Rig, raw, startRig } from '../support/http-rig.js'
import { ORDINARY } from './support/boards.js'
import { card, choose, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
beforeEach(() => {
  room.server.publish(ORDINARY)
})

const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types g6-feed"

async function assetPaths(): Promise<readonly string[]> {
  const document = await (await fetch(`${room.server.url}/`)).text()
  return [...document.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
}

test('the document is revalidated each time, and not sent again when unchanged', async () => {
  const response = await fetch(`${room.server.url}/`)
  expect(response.headers.get('cache-control')).toBe('no-cache')
  expect(response.headers.get('content-security-policy')).toBe(POLICY)
  const document = await response.text()
  expect(document).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/)
  const etag = response.headers.get('etag') ?? ''
  const again = await fetch(`${room.server.url}/`, { headers: { 'If-None-Match': etag } })
  expect(again.status).toBe(304)
})

test('everything else has its hash in its name and is kept for ever', async () => {
  const paths = await assetPaths()
  expect(paths.length).toBeGreaterThanOrEqual(3)
  for (const path of paths) {
    expect(path).toMatch(/-[\w-]{8}\.(js|css|svg)$/)
    const response = await fetch(room.server.url + path)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  }
})

test('is sent gzipped to clients that accept it, as the same bytes to others', async () => {
  const path = (await assetPaths()).find(each => each.endsWith('.js')) ?? ''
  const plain = await new RawClient(room.server.port, raw(`GET ${path}`, { Connection: 'close' })).end()
  const packed = await new RawClient(
    room.server.port,
    raw(`GET ${path}`, { Connection: 'close', 'Accept-Encoding': 'gzip' }),
  ).end()
  expect(plain.header('content-encoding')).toBe(null)
  expect(packed.header('content-encoding')).toBe('gzip')
  expect(packed.header('vary')).toContain('Accept-Encoding')
  expect(Number(packed.header('content-length'))).toBeLessThan(Number(plain.header('content-length')) / 2)
  expect(await (await fetch(room.server.url + path)).text()).toBe(
    Buffer.from(plain.body, 'latin1').toString(),
  )
})

test('requests only from its own server, within its policy', async () => {
  const { page, faults, requests } = await room.open()
  const violations: string[] = []
  await page.exposeFunction('violated', (what: string) => violations.push(what))
  await page.evaluate(() => {
    document.addEventListener('securitypolicyviolation', event => {
      ;(globalThis as unknown as { violated(what: string): void }).violated(event.violatedDirective)
    })
  })
  await shows(page, 'storage', 'Lag')
  await choose(card(page, 'storage'), 'Pin')
  await page.locator('footer', { hasText: '98.4 %' }).waitFor()
  expect(requests.length).toBeGreaterThan(3)
  expect(requests.filter(url => new URL(url).origin !== room.server.url)).toEqual([])
  expect(violations).toEqual([])
  expect(faults).toEqual([])
})

test('when it was not built its URL says what to do, and everything else is served', async () => {
  const rig: Rig = await startRig({}, { plugins: [pagePlugin([new URL('file:///nowhere/')])] })
  const response = await fetch(`${rig.url}/`)
  expect(response.status).toBe(404)
  expect(((await response.json()) as { detail: string }).detail).toContain('npm run build')
  expect((await fetch(`${rig.url}/summary/resync`)).status).toBe(200)
  await rig.close()
})
