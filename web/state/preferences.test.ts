import { expect, test } from 'vitest'
import { preference, textList } from './preferences.js'
import { queryOf } from './query.js'
import { nextTheme, themeOf } from './theme.js'

function memory(entries: Readonly<Record<string, string>> = {}) {
  const map = new Map(Object.entries(entries))
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  }
}

test('a preference is read once, and written when it changes, back to the first value too', () => {
  const store = memory({ 'g6-page.order': '["b","a"]' })
  const order = preference('order', textList, store)
  expect(order.value).toEqual(['b', 'a'])
  const first = order.value
  order.value = ['c']
  expect(store.map.get('g6-page.order')).toBe('["c"]')
  order.value = first
  expect(store.map.get('g6-page.order')).toBe('["b","a"]')
})

test('an invalid value gives the default, and a value that is too large is not stored', () => {
  for (const text of ['{', '"x"', '[1,{},null]', `["${'a'.repeat(20_000)}"]`]) {
    expect(preference('order', textList, memory({ 'g6-page.order': text })).value).toEqual([])
  }
  const store = memory()
  preference('order', textList, store).value = ['a'.repeat(20_000)]
  expect(store.map.size).toBe(0)
})

test('without storage a preference applies in this tab', () => {
  const order = preference('order', textList, null)
  order.value = ['a']
  expect(order.value).toEqual(['a'])
})

test('the address asks for panels and for a wall display', () => {
  expect(queryOf('')).toEqual({ panels: null, kiosk: false })
  expect(queryOf('?panels=a,%20b,,a&kiosk=1')).toEqual({ panels: ['a', 'b'], kiosk: true })
  expect(queryOf('?panels=&kiosk=0')).toEqual({ panels: null, kiosk: false })
})

test('themes follow one another', () => {
  expect(themeOf('pink')).toBe('system')
  expect([nextTheme('system'), nextTheme('light'), nextTheme('dark')]).toEqual(['light', 'dark', 'system'])
})
