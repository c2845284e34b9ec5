// Dark or light: the system's setting, or the one chosen here.
import { effect } from '@preact/signals'
import { preference } from './preferences.js'

const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export function themeOf(stored: unknown): Theme {
  return THEMES.find(name => name === stored) ?? 'system'
}

export const theme = preference('theme', themeOf)

/** The next of the three. */
export function nextTheme(now: Theme): Theme {
  return THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'system'
}

/** Applies the theme to the document; returns a function that stops this. */
export function startTheme(root: HTMLElement): () => void {
  return effect(() => {
    if (theme.value === 'system') delete root.dataset.theme
    else root.dataset.theme = theme.value
  })
}
