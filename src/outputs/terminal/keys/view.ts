// What the user has chosen to see: the only state of the dashboard itself.

export type ThemeName = 'dark' | 'light'

export type View = {
  readonly focus: string | null
  /** The focused panel fills the screen. */
  readonly zoomed: boolean
  /** First content line shown, by panel key; absent = 0. */
  readonly scroll: Readonly<Record<string, number>>
  /** Only lines with this text; empty = all. */
  readonly filter: string
  /** The filter is being typed. */
  readonly typing: boolean
  readonly paused: boolean
  readonly help: boolean
  readonly theme: ThemeName
}

/** The first content line shown of this panel. */
export function scrollOf({ scroll }: View, key: string | null): number {
  return key !== null && Object.hasOwn(scroll, key) ? (scroll[key] ?? 0) : 0
}

export function startView(theme: ThemeName): View {
  return {
    focus: null,
    zoomed: false,
    scroll: {},
    filter: '',
    typing: false,
    paused: false,
    help: false,
    theme,
  }
}
