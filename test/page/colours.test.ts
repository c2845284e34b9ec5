// The contrast of every pair of colours that the page puts on each other, computed from the style itself.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const STYLE = readFileSync(new URL('../../web/style/page.css', import.meta.url), 'utf8')

function colour(name: string, theme: 0 | 1): string {
  const found = new RegExp(`--${name}: light-dark\\((#[\\da-f]{6}), (#[\\da-f]{6})\\)`).exec(STYLE)
  return found?.[theme + 1] ?? ''
}

/** The relative luminance of WCAG 2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

const SURFACES = ['ground', 'card', 'raised'] as const
/** What is written on what, and the least contrast: 4.5 for text, 3 for edges and marks. */
const PAIRS: readonly (readonly [string, readonly string[], number])[] = [
  ['ink', [...SURFACES, 'change', 'warn-wash', 'error-wash'], 10],
  ['soft', [...SURFACES, 'error-wash'], 7],
  ['quiet', [...SURFACES, 'warn-wash', 'error-wash'], 4.5],
  ['edge', ['ground', 'card'], 3],
  ['ok', SURFACES, 4.5],
  ['info', SURFACES, 4.5],
  ['warn', [...SURFACES, 'warn-wash'], 4.5],
  ['error', [...SURFACES, 'error-wash'], 4.5],
  ['on-error', ['error'], 4.5],
]

test.each(
  PAIRS.flatMap(([ink, grounds, least]) =>
    grounds.flatMap(ground => ([0, 1] as const).map(theme => ({ ink, ground, theme, least }))),
  ),
)('$ink on $ground (theme $theme) has a contrast of at least $least', ({ ink, ground, theme, least }) => {
  expect(contrast(colour(ink, theme), colour(ground, theme))).toBeGreaterThanOrEqual(least)
})
