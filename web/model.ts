// The state of the page as signals: the board it follows, the connection, the time. The published client (client/) feeds it, and
// everything on the page is drawn from it.
//
// All changes since the last frame are applied together, once a frame. A hidden page draws nothing: there they are applied at most
// once a second, for the tab's title and the alerts, and at once when the page is shown again.
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ClientBoard } from '../client/index.js'
import { openLink } from './follow/link.js'
import type { News } from './follow/messages.js'
import { token } from './state/access.js'
import { addressOf, base } from './state/base.js'
import { type ConnectionView, viewOf } from './state/connection.js'
import { documentIn } from './state/document.js'
import { type Health, healthFrom } from './state/health.js'
import { type ShownPanel, shownPanel } from './state/panels.js'

const HIDDEN_APPLY_MS = 1_000
/** After an update the page rests for this many times what it took: a large board at many updates a second leaves most of the time free. */
const REST = 2.5
const MAX_REST_MS = 2_000
/** A shorter rest ends before the next frame. */
const FRAME_MS = 16
const HEALTH_EVERY_MS = 5_000
const HEALTH_TIMEOUT_MS = 10_000
/** A hidden page gives up its stream after this long. */
const KEEP_MS = 30_000
/** One that announces alerts keeps it. Browsers run the timers of a hidden page once a minute. */
const KEEP_HIDDEN_MS = 150_000
const UNAUTHORIZED = 401
/** Times of the feed differ by this much from one message to the next. */
const JITTER_MS = 500
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
/** Whether a hidden page goes on following, to announce alerts. */
export const followsHidden: Signal<boolean> = signal(false)
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

/** When the last byte came; null before the first. */
export function lastByteMs(): number | null {
  return byteMs
}

const link = openLink(onNews)
let news: News | null = null
let byteMs: number | null = null
let retryAtMs: number | null = null
let applyAt: 'no' | 'frame' | 'later' = 'no'
let laterTimer: ReturnType<typeof setTimeout> | undefined
let appliedMs = 0
let restUntilMs = 0
/** The server's order of panels. Updates do not say where a returning panel belongs: it gets its old place. */
let serverOrder: readonly string[] = []

function apply(): void {
  applyAt = 'no'
  clearTimeout(laterTimer)
  const next = link.board
  if (next === null) return
  newest.value = next
  link.shown()
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
  if (serverOrder.length > MAX_KEYS) serverOrder = []
  serverOrder = [...new Set([...serverOrder, ...keys])]
  return serverOrder.filter(key => keys.includes(key))
}

/** Calls `then` once the frame that is being made now is on the screen. */
function afterFrame(then: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    then()
  }
  port2.postMessage(null)
}

/** Applies all changes, and rests for a time that depends on what this and its drawing took. */
function applyInFrame(): void {
  const startMs = performance.now()
  apply()
  afterFrame(() => {
    const nowMs = performance.now()
    restUntilMs = nowMs + Math.min(MAX_REST_MS, REST * (nowMs - startMs))
  })
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
    clearTimeout(laterTimer)
    const restMs = restUntilMs - performance.now()
    if (restMs < FRAME_MS) requestAnimationFrame(applyInFrame)
    else laterTimer = setTimeout(() => requestAnimationFrame(applyInFrame), restMs)
  }
}

/** A refused page asks for a token, and asks the server for nothing. */
function isRefused(): boolean {
  return news?.trouble?.status === UNAUTHORIZED
}

function showConnection(): void {
  const { state = 'connecting', silent = false, trouble = null } = news ?? {}
  if (state === 'live') heardMs.value = byteMs ?? Date.now()
  const facts = { state, silent, retryAtMs, refused: isRefused(), problem: trouble?.message ?? null }
  const view = viewOf(facts, Date.now())
  if (JSON.stringify(view) !== JSON.stringify(shownConnection.peek())) shownConnection.value = view
}

/** The time `at`, unless `before` is the same but for the jitter. */
function steady(before: number | null, at: number | null): number | null {
  return before !== null && at !== null && Math.abs(at - before) < JITTER_MS ? before : at
}

function onNews(next: News): void {
  const nowMs = Date.now()
  const { heardAgoMs, trouble } = next
  const retryInMs = trouble?.retryInMs ?? null
  news = next
  byteMs = heardAgoMs === null ? byteMs : steady(byteMs, nowMs - heardAgoMs)
  retryAtMs = steady(retryAtMs, retryInMs === null ? null : nowMs + retryInMs)
  if (next.board !== null) schedule()
  showConnection()
}

function ask(again: boolean): void {
  const keepMs = document.hidden ? (followsHidden.peek() ? KEEP_HIDDEN_MS : 0) : KEEP_MS
  link.ask({ server: base, token: token.peek(), keepMs, again })
}

/** Follows the server's board with the current token; connects again if the connection is lost. */
export function follow(): void {
  news = null
  retryAtMs = null
  ask(true)
  showConnection()
  void askHealth()
}

/** Asks for the health document now; it comes by itself every few seconds. */
export async function askHealth(): Promise<void> {
  if (isRefused() || document.hidden) return
  const key = token.peek()
  try {
    const response = await fetch(addressOf('summary/health'), {
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
  if (!isRefused()) ask(true)
  void askHealth()
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
    if (!isRefused()) ask(false)
    showConnection()
  }, 1_000)
  const polling = setInterval(() => void askHealth(), HEALTH_EVERY_MS)
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
  }
}
