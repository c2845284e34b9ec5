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
  test('does the same with caps lock', () => expect(actionOf(press('P'))).toBe('pause'))
  test('without a meaning is left alone', () => {
    for (const key of ['Enter', 'x', ' ', 'Escape', 'Tab', '']) expect(actionOf(press(key))).toBeNull()
  })
  test.each(['INPUT', 'textarea', 'SELECT'])('pressed in %s is typed there', tag => {
    expect(actionOf(press('p', { tag }))).toBeNull()
  })
  test('pressed in editable text is typed there', () => {
    expect(actionOf(press('p', { tag: 'DIV', isEditable: true }))).toBeNull()
  })
  test('on a button means the same', () => expect(actionOf(press('p', { tag: 'BUTTON' }))).toBe('pause'))
  test.each(['ctrlKey', 'altKey', 'metaKey'])('with %s belongs to the browser', modifier => {
    expect(actionOf(press('c', { [modifier]: true }))).toBeNull()
  })
  test('that was taken already does nothing more', () => {
    expect(actionOf(press('p', { isTaken: true }))).toBeNull()
  })
  test('held down steps on, and does nothing else twice', () => {
    expect(actionOf(press('j', { repeat: true }))).toBe('next-card')
    expect(actionOf(press('p', { repeat: true }))).toBeNull()
  })
})
