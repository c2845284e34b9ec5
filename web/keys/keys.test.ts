import { describe, expect, test } from 'vitest'
import { actionOf, KEYS, type KeyPress } from './keys.js'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isTaken: false,
  tag: 'BODY',
  isEditable: false,
  ...more,
})

test('every key has one action and every action one key', () => {
  expect(new Set(KEYS.map(([key]) => key)).size).toBe(KEYS.length)
  expect(new Set(KEYS.map(([, action]) => action)).size).toBe(KEYS.length)
  for (const [key, action] of KEYS) expect(actionOf(press(key))).toBe(action)
})

describe('a key', () => {
  test('works with caps lock', () => expect(actionOf(press('P'))).toBe('pause'))
  test('without an action is ignored', () => {
    for (const key of ['Enter', 'x', ' ', 'Escape', 'Tab', '']) expect(actionOf(press(key))).toBeNull()
  })
  test.each(['INPUT', 'textarea', 'SELECT'])('pressed in %s is typed there', tag => {
    expect(actionOf(press('p', { tag }))).toBeNull()
  })
  test('pressed in editable text is typed there', () => {
    expect(actionOf(press('p', { tag: 'DIV', isEditable: true }))).toBeNull()
  })
  test('works on a button', () => expect(actionOf(press('p', { tag: 'BUTTON' }))).toBe('pause'))
  test.each(['ctrlKey', 'altKey', 'metaKey'])('with %s belongs to the browser', modifier => {
    expect(actionOf(press('c', { [modifier]: true }))).toBeNull()
  })
  test('that was handled already does nothing', () => {
    expect(actionOf(press('p', { isTaken: true }))).toBeNull()
  })
  test('held down repeats a step, and nothing else', () => {
    expect(actionOf(press('j', { repeat: true }))).toBe('next-card')
    expect(actionOf(press('p', { repeat: true }))).toBeNull()
  })
})
