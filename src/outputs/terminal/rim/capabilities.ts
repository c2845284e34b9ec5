// What the terminal can do, according to the environment. Decided once, at the start.
import { WriteStream } from 'node:tty'
import type { ThemeName } from '../keys/view.js'
import type { ColorDepth } from '../write/sgr.js'

export type Environment = Readonly<Record<string, string | undefined>>

export type Capabilities = {
  readonly colors: ColorDepth
  readonly utf8: boolean
  readonly theme: ThemeName
}

/** Whether the terminal can move its cursor; others get the plain text. */
export function canFillScreen({ TERM }: Environment): boolean {
  return TERM !== undefined && TERM !== '' && TERM !== 'dumb'
}

/**
 * `FORCE_COLOR` (0, 1, 2, 3) has precedence over `NO_COLOR` (when not empty), both over what Node knows about the terminal.
 */
export function colorDepth(env: Environment): ColorDepth {
  const { FORCE_COLOR: forced, NO_COLOR, ...others } = env
  if (forced !== undefined && forced !== '') {
    if (forced === '0' || forced === 'false') return 1
    if (forced === '2') return 8
    return forced === '3' ? 24 : 4
  }
  if (NO_COLOR !== undefined && NO_COLOR !== '') return 1
  // The prototype's method uses only the given environment.
  const bits = WriteStream.prototype.getColorDepth({ ...others })
  return bits === 24 || bits === 8 || bits === 4 ? bits : 1
}

/** By the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set. Without any, the locale is C: ASCII. */
export function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find(value => value !== undefined && value !== '') ?? ''
  return /utf-?8/i.test(locale)
}

/** The background is the last part of `COLORFGBG`: 7 and 9 to 15 are light. The default is dark. */
export function guessTheme({ COLORFGBG }: Environment): ThemeName {
  const background = Number(COLORFGBG?.split(';').at(-1) || Number.NaN)
  return background === 7 || (background >= 9 && background <= 15) ? 'light' : 'dark'
}

export function capabilitiesOf(env: Environment): Capabilities {
  return { colors: colorDepth(env), utf8: speaksUtf8(env), theme: guessTheme(env) }
}
