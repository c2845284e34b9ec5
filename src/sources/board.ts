// Follows another server's board through its /summary/events: the published client, with blocks, so that a terminal or a page
// can draw the panels.
import { addresses, type Connection, connect } from '../../client/connect.js'
import type { StreamError } from '../../client/event-stream.js'
import type { ClientBoard, ClientPanel, ClientPlace, ClientVerdict } from '../../client/reader.js'
import type { MemberCounts } from '../automatic/drafts.js'
import type { SeenBoard } from '../board/follow.js'
import { panelHash } from '../board/hash.js'
import type { BoardLooks } from '../declared/board.js'
import { WINDOW_SEC } from '../display/series.js'
import type { BoardNews, BoardSource } from '../engine/followed-boards.js'
import { type LineLog, SILENT } from '../log/silent.js'
import { outgoingFetch } from '../outgoing/fetch.js'
import { isPanelKey } from '../panels/content.js'
import type { Fact, Facts } from '../panels/facts.js'
import type { Block } from '../panels/panel.js'
import { blocksFrom, isTone } from '../panels/parse-panel.js'
import { cleanText, MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { VERDICT_WORDS, type Verdict, type VerdictPlace } from '../protocol/events.js'
import { FollowedHealth } from './followed-health.js'
import { readingErrorOf } from './followed-server.js'

export type BoardFollowerOptions = {
  /** The server's base URL, or the URL of its stream. */
  readonly url: string
  /** Called for each connection. */
  readonly token?: () => string | null
  /** Upper bound of the first random wait before a reconnection; default 1000 ms. */
  readonly initialDelayMs?: number
  /** Takes the numbers that the server remembers, after each connection; without it none are asked for. */
  readonly onPast?: (past: unknown) => void
  readonly log?: LineLog
}

type SeenPanel = SeenBoard['panels'][number]

/** Ids and metrics are made of these; anything else is refused. */
const EPOCH = /^[A-Za-z0-9_.~]{1,80}$/
const LATEST_MS = 8.64e15
/** More than any server sends. */
const MAX_REASONS = 20

const UNUSABLE: BoardNews['fault'] = {
  error: 'io',
  message: 'the followed server counts its boards in no known way',
}

/** Wait before trying again a server that cannot be followed: it may have been replaced. */
const OLD_SERVER_RETRY_MS = 60_000

function isUsable({ epoch, generation, cycle, ts }: ClientBoard): boolean {
  return EPOCH.test(epoch) && [generation, cycle].every(Number.isSafeInteger) && ts <= LATEST_MS
}

/** Cleans every text of a block. */
function cleanBlock(block: Block): Block {
  const clean = <T extends { readonly text: string }>(item: T): T => ({ ...item, text: cleanText(item.text) })
  switch (block.kind) {
    case 'text':
      return clean(block)
    case 'fields':
      return { ...block, items: block.items.map(item => ({ ...clean(item), label: cleanText(item.label) })) }
    case 'table':
      return {
        ...block,
        columns: block.columns.map(column => ({ ...column, label: cleanText(column.label) })),
        rows: block.rows.map(row => row.map(clean)),
      }
  }
}

/** Of facts nested deeper than any server's nothing is kept. */
const MAX_DEPTH = 4

/** The facts that make sense, their texts cleaned. */
function cleanFacts(given: unknown, depth = 0): Facts | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || depth > MAX_DEPTH)
    return undefined
  const fact = (value: unknown): Fact | undefined => {
    if (typeof value === 'number' || typeof value === 'boolean') return value
    if (typeof value === 'string') return cleanText(value)
    if (!Array.isArray(value)) return cleanFacts(value, depth + 1)
    return value.map(item => cleanFacts(item, depth + 1)).filter(item => item !== undefined)
  }
  const entries = Object.entries(given).map(([name, value]) => [cleanText(name), fact(value)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, Fact] => entry[1] !== undefined))
}

/** A panel of another server, cleaned. */
export function seenPanel(panel: ClientPanel): SeenPanel {
  const { key, hash } = panel
  const title = cleanText(panel.title)
  const lines = panel.lines.map(cleanText)
  const blocks = blocksFrom(panel.blocks, lines).map(cleanBlock)
  const facts = cleanFacts(panel.facts)
  const more = facts === undefined ? {} : { facts }
  const isClean = title === panel.title && lines.every((line, i) => line === panel.lines[i])
  if (isTone(panel.tone) && panel.truncated !== true && isClean)
    return { key, title, tone: panel.tone, blocks, lines, hash, ...more }
  // An unknown tone, a truncated panel or cleaned text no longer matches the server's hash: compute its own.
  const tone = isTone(panel.tone) ? panel.tone : 'info'
  return { key, title, tone, blocks, lines, hash: panelHash({ key, title, tone, lines }), ...more }
}

/** Null for a place that cannot be on a board. */
function seenPlace(given: ClientPlace | null): VerdictPlace | null {
  if (given === null || !isPanelKey(given.panel)) return null
  const { panel, row, label } = given
  return {
    panel,
    ...(row === undefined ? {} : { row: shownText(row) }),
    ...(label === undefined ? {} : { label: shownText(label) }),
  }
}

/** Null for a word that this version does not know. */
export function seenVerdict(given: ClientVerdict): Verdict | null {
  const word = VERDICT_WORDS.find(known => known === given.word)
  if (word === undefined) return null
  const { since, places } = given
  return {
    word,
    reasons: given.reasons.slice(0, MAX_REASONS).map(reason => shownText(reason)),
    ...(since !== undefined && since <= LATEST_MS ? { since } : {}),
    ...(places === undefined ? {} : { places: places.slice(0, MAX_REASONS).map(seenPlace) }),
  }
}

export class BoardFollower implements BoardSource {
  readonly name: string
  readonly #options: BoardFollowerOptions
  readonly #log: LineLog
  readonly #panels = new WeakMap<ClientPanel, SeenPanel>()
  #connection: Connection | null = null
  /** Connects again after the last connection was closed for good. */
  #retry: NodeJS.Timeout | undefined
  #fault: BoardNews['fault'] = null
  /** The kinds of failure logged in this outage: each is logged once. */
  readonly #logged = new Set<string>()
  #from: ClientBoard | null = null
  #isUnusable = false
  #seen: SeenBoard | null = null
  readonly #health: FollowedHealth

  constructor(options: BoardFollowerOptions) {
    this.#health = new FollowedHealth(signal => this.#askHealth(signal))
    this.#options = options
    this.#log = options.log ?? SILENT
    const { origin, pathname } = new URL(options.url)
    this.name = pathname === '/' ? origin : `${origin}${pathname}`
  }

  get news(): BoardNews {
    const connection = this.#connection
    const board = connection?.board ?? null
    if (board !== null && board !== this.#from) {
      this.#isUnusable = !isUsable(board)
      if (!this.#isUnusable) {
        this.#seen = this.#seenBoard(board)
        this.#health.see([board.epoch, ...board.panels.keys()].join('\n'), performance.now())
      }
    }
    this.#from = board
    return {
      board: this.#seen,
      fault: this.#isUnusable ? UNUSABLE : this.#fault,
      heardAtMs: connection?.lastByteMs ?? null,
    }
  }

  /** Of the document, where the followed board is an automatic one. */
  get looks(): BoardLooks | null {
    return this.#health.looks
  }

  get members(): MemberCounts | null {
    return this.#health.members
  }

  #askHealth(signal: AbortSignal): Promise<Response> {
    const { url, token } = this.#options
    const health = new URL(addresses(url).resync)
    health.pathname = health.pathname.replace(/resync$/, 'health')
    const given = token?.() ?? null
    return outgoingFetch(health.href, {
      signal,
      redirect: 'error',
      ...(given === null ? {} : { headers: { 'X-API-Token': given } }),
    })
  }

  start(onNews: () => void): void {
    this.#retry = undefined
    const { url, token, initialDelayMs, onPast } = this.#options
    const connection = connect(url, {
      view: 'blocks',
      fetch: outgoingFetch,
      ...(onPast === undefined ? {} : { history: WINDOW_SEC }),
      ...(token === undefined ? {} : { token }),
      ...(initialDelayMs === undefined ? {} : { initialDelayMs }),
    })
    this.#connection = connection
    connection.on('update', onNews)
    if (onPast !== undefined) connection.on('history', onPast)
    connection.on('error', error => {
      // It may quote the server.
      const problem = shownText(error.message, MESSAGE_WIDTH)
      if (error.code === 'original') {
        this.#retryLater(problem, onNews)
        return
      }
      if (error.retryInMs === undefined && error.code !== 'resync') {
        this.#log.warn({ source: this.name, problem }, 'the followed server reports a fault')
        return
      }
      const fault = { error: readingErrorOf(error), message: problem }
      const known = this.#fault?.message === fault.message
      this.#fault = fault
      this.#logFailure(error, problem)
      if (!known) onNews()
    })
    connection.on('state', state => {
      if (state === 'live') this.#recovered()
      if (state === 'stale')
        this.#fault ??= connection.silent
          ? { error: 'timeout', message: 'the followed server shows no sign of life' }
          : { error: 'io', message: 'the connection has ended' }
      if (state === 'closed' && this.#retry === undefined)
        this.#fault = { error: 'missing', message: 'the followed server has ended this stream' }
      onNews()
    })
  }

  /** Nothing to do: the server pushes what is new. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#health.close()
    this.#connection?.close()
    return Promise.resolve()
  }

  #retryLater(problem: string, onNews: () => void): void {
    this.#fault = { error: 'io', message: problem }
    this.#retry = setTimeout(() => this.start(onNews), OLD_SERVER_RETRY_MS)
    if (this.#logged.has('original')) return
    this.#logged.add('original')
    this.#log.error({ source: this.name, problem }, 'the followed server cannot be followed')
    onNews()
  }

  #logFailure({ code, status }: StreamError, problem: string): void {
    const key = `${code} ${status ?? ''}`
    if (this.#logged.has(key)) return
    this.#logged.add(key)
    this.#log.warn({ source: this.name, problem }, 'the followed server is lost; connecting again')
  }

  #recovered(): void {
    this.#fault = null
    if (this.#logged.size === 0) return
    this.#logged.clear()
    this.#log.info({ source: this.name }, 'the followed server is back')
  }

  #seenBoard({ epoch, generation, cycle, ts, panels, verdict }: ClientBoard): SeenBoard {
    const seen = [...panels.values()]
      .filter(({ key }) => isPanelKey(key))
      .map(panel => {
        const known = this.#panels.get(panel)
        if (known !== undefined) return known
        const made = seenPanel(panel)
        this.#panels.set(panel, made)
        return made
      })
    return {
      epoch,
      generation,
      cycle,
      ts,
      panels: seen,
      verdict: verdict === undefined ? null : seenVerdict(verdict),
    }
  }
}
