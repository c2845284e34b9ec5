// Handles one key: gives the next view, and an effect for the program to run. Pure. Keep the table in draw/help.ts in step.
import type { Key, KeyName } from './key.js'
import { scrollOf, type View } from './view.js'

export type Effect = 'quit' | 'read' | 'write' | 'suspend' | 'redraw'

export type Step = { readonly view: View; readonly effect: Effect | null }

/** The position of a panel on the screen, for moving the focus. */
export type Spot = {
  readonly key: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Facts about the last frame. */
export type Seen = {
  /** Panels in reading order. */
  readonly spots: readonly Spot[]
  /** By panel: how far it can be scrolled, lines. */
  readonly scrollMax: ReadonlyMap<string, number>
  /** Lines of a page of the focused panel. */
  readonly pageRows: number
}

/** Lines that a turn of the wheel scrolls. */
const WHEEL_LINES = 3
const MAX_FILTER = 60

const shown = (view: View): Step => ({ view, effect: null })

function scrolledTo(view: View, seen: Seen, to: number): View {
  if (view.focus === null) return view
  const at = Math.max(0, Math.min(to, seen.scrollMax.get(view.focus) ?? 0))
  return { ...view, scroll: { ...view.scroll, [view.focus]: at } }
}

function scrolledBy(view: View, seen: Seen, lines: number): View {
  return scrolledTo(view, seen, scrollOf(view, view.focus) + lines)
}

function focusStep(view: View, { spots }: Seen, step: 1 | -1): View {
  if (spots.length === 0) return view
  const at = spots.findIndex(({ key }) => key === view.focus)
  const next = at < 0 ? (step > 0 ? 0 : spots.length - 1) : (at + step + spots.length) % spots.length
  return { ...view, focus: spots[next]?.key ?? null }
}

const middle = (from: number, length: number): number => from + length / 2

/** Focuses the nearest panel in that direction: by the distance first, then by the offset to the side. */
function focusMove(view: View, seen: Seen, direction: 'up' | 'down' | 'left' | 'right'): View {
  const from = seen.spots.find(({ key }) => key === view.focus)
  if (from === undefined) return focusStep(view, seen, 1)
  const vertical = direction === 'up' || direction === 'down'
  const sign = direction === 'up' || direction === 'left' ? -1 : 1
  let best: Spot | null = null
  let least = Number.POSITIVE_INFINITY
  for (const spot of seen.spots) {
    const along = vertical ? spot.y - from.y : spot.x - from.x
    if (along * sign <= 0) continue
    const sideways = vertical
      ? Math.abs(middle(spot.x, spot.width) - middle(from.x, from.width)) * 1000
      : Math.abs(middle(spot.y, spot.height) - middle(from.y, from.height))
    const cost = vertical ? sideways + along * sign : along * sign * 1000 + sideways
    if (cost < least) {
      best = spot
      least = cost
    }
  }
  if (best === null || (vertical && best.x !== from.x)) return view
  return { ...view, focus: best.key }
}

function typed(view: View, key: Key): Step {
  if (key.kind === 'char') {
    const filter = view.filter.length + key.char.length > MAX_FILTER ? view.filter : view.filter + key.char
    return shown({ ...view, filter })
  }
  if (key.kind === 'wheel') return shown(view)
  switch (key.name) {
    case 'enter':
      return shown({ ...view, typing: false })
    case 'escape':
      return shown({ ...view, typing: false, filter: '' })
    case 'backspace':
      return shown({ ...view, filter: [...view.filter].slice(0, -1).join('') })
    case 'erase':
      return shown({ ...view, filter: '' })
    default:
      return shown(view)
  }
}

/** Escape ends one thing: the zoom, else the filter, else the focus. */
function escaped(view: View): View {
  if (view.zoomed) return { ...view, zoomed: false }
  if (view.filter !== '') return { ...view, filter: '' }
  return { ...view, focus: null }
}

function entered(view: View, seen: Seen): View {
  if (view.zoomed) return { ...view, zoomed: false }
  if (view.focus !== null) return { ...view, zoomed: true }
  return focusStep(view, seen, 1)
}

function onNamed(view: View, name: KeyName, seen: Seen): View {
  const now = scrollOf(view, view.focus)
  switch (name) {
    case 'tab':
      return focusStep(view, seen, 1)
    case 'backtab':
      return focusStep(view, seen, -1)
    case 'up':
      return view.zoomed ? scrolledBy(view, seen, -1) : focusMove(view, seen, 'up')
    case 'down':
      return view.zoomed ? scrolledBy(view, seen, 1) : focusMove(view, seen, 'down')
    case 'left':
      return view.zoomed ? focusStep(view, seen, -1) : focusMove(view, seen, 'left')
    case 'right':
      return view.zoomed ? focusStep(view, seen, 1) : focusMove(view, seen, 'right')
    case 'pageup':
      return scrolledTo(view, seen, now - seen.pageRows)
    case 'pagedown':
      return scrolledTo(view, seen, now + seen.pageRows)
    case 'home':
      return scrolledTo(view, seen, 0)
    case 'end':
      return scrolledTo(view, seen, Number.MAX_SAFE_INTEGER)
    case 'enter':
      return entered(view, seen)
    case 'escape':
      return escaped(view)
    default:
      return view
  }
}

function onChar(view: View, char: string, seen: Seen): Step {
  switch (char) {
    case 'q':
      return { view, effect: 'quit' }
    case 'p':
    case ' ':
      return shown({ ...view, paused: !view.paused })
    case '/':
      return shown({ ...view, typing: true })
    case 'r':
      return { view, effect: 'read' }
    case 'w':
      return { view, effect: 'write' }
    case 't':
      return shown({ ...view, theme: view.theme === 'dark' ? 'light' : 'dark' })
    case '?':
      return shown({ ...view, help: true })
    case 'j':
      return shown(onNamed(view, 'down', seen))
    case 'k':
      return shown(onNamed(view, 'up', seen))
    case 'h':
      return shown(onNamed(view, 'left', seen))
    case 'l':
      return shown(onNamed(view, 'right', seen))
    case 'g':
      return shown(onNamed(view, 'home', seen))
    case 'G':
      return shown(onNamed(view, 'end', seen))
    default:
      return shown(view)
  }
}

export function reduceKey(view: View, key: Key, seen: Seen): Step {
  if (key.kind === 'named') {
    if (key.name === 'interrupt') return { view, effect: 'quit' }
    if (key.name === 'suspend') return { view, effect: 'suspend' }
    if (key.name === 'redraw') return { view, effect: 'redraw' }
  }
  if (view.help) {
    const closes =
      (key.kind === 'char' && (key.char === '?' || key.char === 'q')) ||
      (key.kind === 'named' && key.name === 'escape')
    return shown(closes ? { ...view, help: false } : view)
  }
  if (view.typing) return typed(view, key)
  if (key.kind === 'wheel') {
    return shown(scrolledBy(view, seen, key.direction === 'up' ? -WHEEL_LINES : WHEEL_LINES))
  }
  return key.kind === 'char' ? onChar(view, key.char, seen) : shown(onNamed(view, key.name, seen))
}
