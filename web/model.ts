// The state of the page as signals: the board it follows, the connection, the time. The published client (client/) feeds it, and
// everything on the page is drawn from it.
//
// All changes since the last frame are applied together, once a frame. A hidden page draws nothing: there they are applied at most
// once a second, for the tab's title and the alerts, and at once when the page is shown again.
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ClientBoard, type Connection, connect, type StreamError } from '../client/index.js'
import { token } from './state/access.js'
import { type ConnectionView, viewOf } from './state/connection.js'
import { documentIn } from './state/document.js'
import { type Health, healthFrom } from './state/health.js'
import { type ShownPanel, shownPanel } from './state/panels.js'

const HIDDEN_APPLY_MS = 1_000
const HEALTH_EVERY_MS = 5_000
const HEALTH_TIMEOUT_MS = 10_000
/** When the page is shown again, a connection that was silent for longer is replaced. */
const SUSPECT_AFTER_MS = 20_000
const UNAUTHORIZED = 401
const MAX_RETRY_MS = 10_000
/** Panel keys remembered for the order. */
const MAX_KEYS = 256

const shownBoard = signal<ClientBoard | null>(null)
const newest = signal<ClientBoard | null>(null)
const shownKeys = signal<readonly string[]>([])
const shownConnection = signal<ConnectionView>({ state: 'connecting', retryAtMs: null, problem: null })
const shownHealth = signal<Health | null>(null)
const clock = signal(Date.now())
const heardMs = signal(Date.now())
const panels = new Map<string, Signal<ShownPanel | null>>()

/** The newest whole board; null before the first. */
export const board: ReadonlySignal<ClientBoard | null> = shownBoard
/** The newest whole board, whatever `paused` says. */
export const received: ReadonlySignal<ClientBoard | null> = newest
/** The keys of the panels in the server's order; changes only when a panel appears or disappears. */
export const panelKeys: ReadonlySignal<readonly string[]> = shownKeys
export const connection: ReadonlySignal<ConnectionView> = shownConnection
/** Null before the first answer, and while signed out. */
export const health: ReadonlySignal<Health | null> = shownHealth
/** When the last byte came while the connection was live, epoch ms. */
export const lastLiveMs: ReadonlySignal<number> = heardMs
/** The time, once a second. */
export const nowMs: ReadonlySignal<number> = clock
/** While true, no changes are shown; they are shown when it becomes false. */
export const paused: Signal<boolean> = signal(false)

function panelSignal(key: string): Signal<ShownPanel | null> {
  const known = panels.get(key)
  if (known !== undefined) return known
  const made = signal<ShownPanel | null>(null)
  panels.set(key, made)
  return made
}

/** Changes only with that panel; null while the board has no such panel. */
export function panel(key: string): ReadonlySignal<ShownPanel | null> {
  return panelSignal(key)
}

/** When the last byte of the current connection came; null before the first. */
export function lastByteMs(): number | null {
  return followed?.lastByteMs ?? null
}

let followed: Connection | null = null
let refused = false
let retryAtMs: number | null = null
let problem: string | null = null
let applyAt: 'no' | 'frame' | 'later' = 'no'
let laterTimer: ReturnType<typeof setTimeout> | undefined
let appliedMs = 0
/**
 * The server's order of panels, from the connection's first board. Updates do not say where a returning panel belongs: it gets its
 * old place.
 */
let serverOrder: readonly string[] = []
let orderOf: Connection | null = null

function apply(): void {
  applyAt = 'no'
  clearTimeout(laterTimer)
  const next = followed?.board ?? null
  if (next === null) return
  newest.value = next
  if (paused.peek() || next === shownBoard.peek()) return
  appliedMs = Date.now()
  const isFirst = shownBoard.peek() === null
  batch(() => {
    for (const [key, panel] of next.panels) {
      const held = panelSignal(key)
      const before = held.peek()
      if (before?.hash !== panel.hash) held.value = shownPanel(panel, before, appliedMs, isFirst)
    }
    const keys = inServerOrder([...next.panels.keys()])
    for (const [key, held] of panels) if (!next.panels.has(key)) held.value = null
    if (keys.join('\n') !== shownKeys.peek().join('\n')) shownKeys.value = keys
    shownBoard.value = next
  })
}

function inServerOrder(keys: readonly string[]): readonly string[] {
  if (orderOf !== followed || serverOrder.length > MAX_KEYS) serverOrder = []
  orderOf = followed
  serverOrder = [...new Set([...serverOrder, ...keys])]
  return serverOrder.filter(key => keys.includes(key))
}

/** Schedules one application of all changes. */
function schedule(): void {
  if (document.hidden) {
    if (Date.now() - appliedMs >= HIDDEN_APPLY_MS) apply()
    else if (applyAt !== 'later') {
      applyAt = 'later'
      laterTimer = setTimeout(apply, HIDDEN_APPLY_MS)
    }
  } else if (applyAt !== 'frame') {
    applyAt = 'frame'
    requestAnimationFrame(apply)
  }
}

function showConnection(): void {
  if (followed?.state === 'live') heardMs.value = followed.lastByteMs ?? Date.now()
  const view = viewOf({ state: followed?.state ?? 'connecting', retryAtMs, refused, problem }, Date.now())
  const { state, retryAtMs: at, problem: why } = shownConnection.peek()
  if (view.state !== state || view.retryAtMs !== at || view.problem !== why) shownConnection.value = view
}

function failed(error: StreamError): void {
  problem = error.message
  retryAtMs = error.retryInMs === undefined ? retryAtMs : Date.now() + error.retryInMs
  if (error.status === UNAUTHORIZED) {
    refused = true
    retryAtMs = null
    followed?.close()
  }
  showConnection()
}

/** Follows the server's board with the current token; closes the previous connection. */
export function follow(): void {
  const before = followed
  followed = null
  before?.close()
  refused = false
  retryAtMs = null
  const key = token.peek()
  const made = connect(location.origin, {
    view: 'blocks',
    maxDelayMs: MAX_RETRY_MS,
    ...(key === null ? {} : { token: key }),
  })
  followed = made
  // A replaced connection may still emit events: ignore them.
  const ifCurrent =
    <T>(act: (given: T) => void) =>
    (given: T): void => {
      if (followed === made) act(given)
    }
  made.on('update', ifCurrent(schedule))
  made.on('error', ifCurrent(failed))
  made.on(
    'state',
    ifCurrent(state => {
      if (state === 'live') {
        retryAtMs = null
        problem = null
        schedule()
      }
      showConnection()
    }),
  )
  showConnection()
  void fetchHealth()
}

async function fetchHealth(): Promise<void> {
  if (refused || document.hidden) return
  const key = token.peek()
  try {
    const response = await fetch('/summary/health', {
      headers: key === null ? {} : { 'X-API-Token': key },
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    })
    shownHealth.value = response.ok ? healthFrom(await documentIn(response), Date.now()) : null
  } catch {
    shownHealth.value = null // not reachable: the connection's state shows this
  }
}

function onShownAgain(): void {
  if (document.hidden) return
  clock.value = Date.now()
  const { lastByteMs = null, state } = followed ?? {}
  const isSilent = lastByteMs === null || Date.now() - lastByteMs > SUSPECT_AFTER_MS
  if (!refused && (state !== 'live' || isSilent)) follow()
  else void fetchHealth()
  apply()
}

/** Starts following; returns a function that stops and closes everything. */
export function start(): () => void {
  const life = new AbortController()
  const { signal: ended } = life
  document.addEventListener('visibilitychange', onShownAgain, { signal: ended })
  window.addEventListener('online', onShownAgain, { signal: ended })
  window.addEventListener('pageshow', event => event.persisted && onShownAgain(), { signal: ended })
  const ticking = setInterval(() => {
    clock.value = Date.now()
    showConnection()
  }, 1_000)
  const polling = setInterval(() => void fetchHealth(), HEALTH_EVERY_MS)
  const unpause = paused.subscribe(isPaused => {
    if (!isPaused) schedule()
  })
  follow()
  return () => {
    life.abort()
    clearInterval(ticking)
    clearInterval(polling)
    clearTimeout(laterTimer)
    unpause()
    followed?.close()
  }
}
