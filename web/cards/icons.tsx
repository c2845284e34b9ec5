// The icons of buttons, in the colour of the text.

const PATHS = {
  copy: 'M2 5h1v8h7v1H2zM5 2h9v9H5zM6 3v7h7V3z',
  done: 'm6.3 12.2-4-4 1-1 3 3 6.400-6.400 1 1z',
  grip: 'M6 3h1v2H6zM9 3h1v2H9zM6 7h1v2H6zM9 7h1v2H9zM6 11h1v2H6zM9 11h1v2H9z',
  pin: 'M6 1.5h4l-.5 4.5 2 2.5H8.75V14h-1.5V8.5H4.5l2-2.5z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.5 1h1v2.5h-1zM7.5 12.5h1V15h-1zM1 7.5h2.5v1H1zM12.5 7.5H15v1h-2.5zM3 3.7l.7-.7 1.7 1.7-.7.7zM10.6 11.3l.7-.7 1.7 1.7-.7.7zM3 12.3l1.7-1.7.7.7L3.7 13zM10.6 4.7 12.3 3l.7.7-1.7 1.7z',
  moon: 'M6.5 1.5a6.5 6.5 0 1 0 8 8 5.5 5.5 0 0 1-8-8z',
  auto: 'M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13v-1a5.5 5.5 0 0 0 0-11z',
  keys: 'M6.8 10h1.7V8.9c1.5-.3 2.5-1.3 2.5-2.8C11 4.3 9.7 3.2 7.9 3.2S4.8 4.3 4.6 6h1.7c.1-.8.7-1.3 1.6-1.3.8 0 1.4.5 1.4 1.3s-.6 1.4-1.5 1.4h-1zM6.7 11.3h1.9v1.8H6.7z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="currentColor" />
    </svg>
  )
}
