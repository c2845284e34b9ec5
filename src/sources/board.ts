// Another server's board, by its /summary/events alone: the published client, with blocks, so that a terminal or a page can
// draw what it follows.
import { type Connection, connect } from '../../client/connect.js'
import type { StreamError } from '../../client/event-stream.js'
import type { ClientBoard, ClientPanel } from '../../client/reader.js'
import type { SeenBoard } from '../board/follow.js'
import { panelHash } from '../board/hash.js'
import type { BoardNews, BoardSource } from '../engine/follow-loop.js'
import { type Log, silentLog } from '../log/log.js'
import { blocksFrom, isTone } from '../panels/parse-panel.js'
import type { ReadingError } from '../snapshot/reading.js'

export type BoardFollowerOptions = {
  /** The server's base, or its stream's own address. */
  readonly url: string
  readonly token?: string | null
  /** Scale of the first wait before a reconnection; default 1000 ms. */
  readonly initialDelayMs?: number
  readonly log?: Log
}

type SeenPanel = SeenBoard['panels'][number]

function seenPanel(panel: ClientPanel): SeenPanel {
  const { key, title, lines, hash } = panel
  const blocks = blocksFrom(panel.blocks, lines)
  if (isTone(panel.tone) && panel.truncated !== true)
    return { key, title, tone: panel.tone, blocks, lines, hash }
  // A tone of a newer server, or a panel cut short, is not what its hash says: what is served on gets its own.
  const tone = isTone(panel.tone) ? panel.tone : 'info'
  return { key, title, tone, blocks, lines, hash: panelHash({ key, title, tone, lines }) }
}

function errorOf({ code, status }: StreamError): ReadingError {
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 404) return 'missing'
  return code === 'timeout' ? 'timeout' : 'io'
}

export class BoardFollower implements BoardSource {
  readonly name: string
  readonly #options: BoardFollowerOptions
  readonly #log: Log
  readonly #panels = new WeakMap<ClientPanel, SeenPanel>()
  #connection: Connection | null = null
  #fault: BoardNews['fault'] = null
  #from: ClientBoard | null = null
  #seen: SeenBoard | null = null

  constructor(options: BoardFollowerOptions) {
    this.#options = options
    this.#log = options.log ?? silentLog
    const { origin, pathname } = new URL(options.url)
    this.name = pathname === '/' ? origin : `${origin}${pathname}`
  }

  get news(): BoardNews {
    const connection = this.#connection
    const board = connection?.board ?? null
    if (board !== null && board !== this.#from) this.#seen = this.#seenBoard(board)
    this.#from = board
    return { board: this.#seen, fault: this.#fault, heardAtMs: connection?.lastByteMs ?? null }
  }

  start(onNews: () => void): void {
    const { url, token, initialDelayMs } = this.#options
    const connection = connect(url, {
      view: 'blocks',
      ...(token ? { token } : {}),
      ...(initialDelayMs === undefined ? {} : { initialDelayMs }),
    })
    this.#connection = connection
    connection.on('update', onNews)
    connection.on('error', error => {
      if (error.retryInMs === undefined && error.code !== 'resync') {
        this.#log.warn({ source: this.name, problem: error.message }, 'the followed server reports a fault')
        return
      }
      const fault = { error: errorOf(error), message: error.message }
      const known = this.#fault?.message === fault.message
      this.#fault = fault
      if (known) return
      this.#log.warn(
        { source: this.name, problem: error.message },
        'the followed server is lost; connecting again',
      )
      onNews()
    })
    connection.on('state', state => {
      if (state === 'live') this.#isBack()
      if (state === 'stale') this.#fault ??= { error: 'io', message: 'the connection has ended' }
      if (state === 'closed')
        this.#fault = { error: 'missing', message: 'the followed server has ended this stream' }
      onNews()
    })
  }

  #isBack(): void {
    if (this.#fault !== null) this.#log.info({ source: this.name }, 'the followed server is back')
    this.#fault = null
  }

  /** What is new comes by itself. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#connection?.close()
    return Promise.resolve()
  }

  #seenBoard({ epoch, generation, cycle, ts, panels }: ClientBoard): SeenBoard {
    const seen = [...panels.values()].map(panel => {
      const known = this.#panels.get(panel)
      if (known !== undefined) return known
      const made = seenPanel(panel)
      this.#panels.set(panel, made)
      return made
    })
    return { epoch, generation, cycle, ts, panels: seen }
  }
}
