import { describe, expect, test } from 'vitest'
import { canFillScreen, colorDepth, guessTheme, speaksUtf8 } from './capabilities.js'

describe('colours', () => {
  test('follow the capabilities of the terminal', () => {
    expect(colorDepth({ TERM: 'xterm' })).toBe(4)
    expect(colorDepth({ TERM: 'linux' })).toBe(4)
    expect(colorDepth({ TERM: 'xterm-256color' })).toBe(8)
    expect(colorDepth({ TERM: 'xterm', COLORTERM: 'truecolor' })).toBe(24)
    expect(colorDepth({ TERM: 'dumb' })).toBe(1)
  })

  test('are none with NO_COLOR, unless it is empty', () => {
    expect(colorDepth({ TERM: 'xterm-256color', NO_COLOR: '1' })).toBe(1)
    expect(colorDepth({ TERM: 'xterm-256color', NO_COLOR: '' })).toBe(8)
  })

  test('follow FORCE_COLOR before everything else', () => {
    const forced = (FORCE_COLOR: string) => colorDepth({ TERM: 'dumb', NO_COLOR: '1', FORCE_COLOR })
    expect(['0', '1', 'true', '2', '3', 'false'].map(forced)).toEqual([1, 4, 4, 8, 24, 1])
  })
})

test('the first locale variable that is set decides about UTF-8', () => {
  expect(speaksUtf8({ LANG: 'en_IN.UTF-8' })).toBe(true)
  expect(speaksUtf8({ LC_ALL: 'C', LANG: 'en_IN.UTF-8' })).toBe(false)
  expect(speaksUtf8({ LC_ALL: '', LC_CTYPE: 'C.utf8', LANG: 'C' })).toBe(true)
  expect(speaksUtf8({})).toBe(false)
})

test('the theme follows the background of the terminal, and is dark otherwise', () => {
  expect(guessTheme({ COLORFGBG: '0;15' })).toBe('light')
  expect(guessTheme({ COLORFGBG: '0;default;7' })).toBe('light')
  expect(guessTheme({ COLORFGBG: '15;0' })).toBe('dark')
  expect(guessTheme({ COLORFGBG: '15;8' })).toBe('dark')
  expect(guessTheme({ COLORFGBG: 'default;default' })).toBe('dark')
  expect(guessTheme({})).toBe('dark')
})

test('a dumb terminal, or none, is not filled', () => {
  expect(canFillScreen({ TERM: 'xterm' })).toBe(true)
  expect(canFillScreen({ TERM: 'dumb' })).toBe(false)
  expect(canFillScreen({})).toBe(false)
})
