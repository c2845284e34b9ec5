import { describe, expect, test } from 'vitest'
import { isCrossSite, isNavigation } from './cross-site.js'

const HOST = 'here.example:9329'
const OWN = 'http://here.example:9329'
const GOOD = 'https://dash.example'
const EVIL = 'https://evil.example'

describe('a request', () => {
  test.each<[site: string | undefined, origin: string | undefined, isRefused: boolean]>([
    // Programs.
    [undefined, undefined, false],
    // The page of this server, and a person.
    ['same-origin', undefined, false],
    ['same-origin', OWN, false],
    ['none', undefined, false],
    // A proxy in front has another name than the Host it passes on.
    ['same-origin', 'https://public.example', false],
    // Another port of this host, another host; anything the browser may come to say.
    ['same-site', undefined, true],
    ['cross-site', undefined, true],
    ['same-site', OWN, true],
    ['cross-site', EVIL, true],
    ['', undefined, true],
    ['Same-Origin', undefined, true],
    ['same-origin, cross-site', undefined, true],
    // Allowed.
    ['cross-site', GOOD, false],
    ['same-site', GOOD, false],
    // Older browsers.
    [undefined, OWN, false],
    [undefined, GOOD, false],
    [undefined, EVIL, true],
    [undefined, 'null', true],
    [undefined, '', true],
    [undefined, 'http://here.example', true],
    [undefined, `${OWN}.evil.example`, true],
  ])('from %s, Origin %s: refused is %s', (site, origin, isRefused) => {
    const headers = {
      host: HOST,
      ...(site === undefined ? {} : { 'sec-fetch-site': site }),
      ...(origin === undefined ? {} : { origin }),
    }
    expect(isCrossSite(headers, [GOOD])).toBe(isRefused)
    expect(isCrossSite(headers, ['*'])).toBe(false)
  })
})

test('a person opens a document by GET; a frame, a script or a form is none', () => {
  const opened = (method: string, mode: string, dest: string) =>
    isNavigation({ method, headers: { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } })
  expect(opened('GET', 'navigate', 'document')).toBe(true)
  for (const [method, mode, dest] of [
    ['POST', 'navigate', 'document'],
    ['GET', 'navigate', 'iframe'],
    ['GET', 'no-cors', 'script'],
    ['GET', 'cors', 'empty'],
  ] as const) {
    expect(opened(method, mode, dest)).toBe(false)
  }
})
