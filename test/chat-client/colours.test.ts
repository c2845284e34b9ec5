// The chat page has the colours of the dashboard, whose contrasts are computed in test/page/colours.test.ts.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

function colours(file: string): ReadonlyMap<string, string> {
  const style = readFileSync(new URL(file, import.meta.url), 'utf8')
  const found = style.matchAll(/--([a-z-]+): (light-dark\(#[\da-f]{6}, #[\da-f]{6}\));/g)
  return new Map(Array.from(found, ([, name = '', value = '']) => [name, value]))
}

test('every colour is that of the dashboard', () => {
  const own = colours('../../web/chat/style.css')
  const theirs = colours('../../web/style/page.css')
  expect(own.size).toBeGreaterThan(10)
  for (const [name, value] of own) expect([name, value]).toEqual([name, theirs.get(name)])
})
