// The marks: the shape says it, the colour repeats it.
import type { Tone } from '../conversation/words.js'

const SHAPES: Readonly<Record<Tone, string>> = {
  ok: 'M5 1a4 4 0 1 1 0 8a4 4 0 1 1 0-8Z',
  info: 'M5 0 10 5 5 10 0 5Z',
  warn: 'M5 .3 10 9.5H0Z',
  error: 'M1 0H9A1 1 0 0 1 10 1V9A1 1 0 0 1 9 10H1A1 1 0 0 1 0 9V1A1 1 0 0 1 1 0Z',
  none: 'M5 1.4a3.6 3.6 0 1 1 0 7.2a3.6 3.6 0 1 1 0-7.2Z',
}

/** The same in text, for the title of the tab. */
export const SIGNS: Readonly<Record<Tone, string>> = { ok: '●', info: '◆', warn: '▲', error: '■', none: '○' }

export const Mark = ({ tone, isLive = false }: { readonly tone: Tone; readonly isLive?: boolean }) => (
  <svg class={`mark${isLive ? ' live' : ''}`} data-tone={tone} viewBox="0 0 10 10" aria-hidden="true">
    <path d={SHAPES[tone]} />
  </svg>
)
