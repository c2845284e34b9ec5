// The feeds: one stream for each server and token, shared by all tabs that follow it. Browsers open six connections to a host over
// HTTP/1.1, so a stream for each tab would leave none for the seventh.
//
// A tab is a position, not a queue: it gets what changed since the board it has, when it says that it is ready. A stream is open
// while some tab wants it; a tab that stops saying so (hidden, closed, frozen, crashed) is forgotten by itself. Without one the
// stream rests, and goes on where it was when a tab wants it again.
//
// This is the script of a shared worker. Where there are none, the page imports it and plays the event of a tab that connects.
import { type ClientBoard, type Connection, connect, type StreamError } from '../../client/index.js'
import { type Asked, type News, partOf, type Trouble } from './messages.js'

const MAX_RETRY_MS = 10_000
const LOOK_EVERY_MS = 1_000
/** Several tabs say at once that the network is back. */
const LEAST_AGAIN_MS = 1_000
/** A connection that was silent for longer is not trusted when a tab asks to connect again: the machine may have slept. */
const SUSPECT_AFTER_MS = 20_000
const UNAUTHORIZED = 401
/** More tabs than anybody has. The one not heard for longest is forgotten: a tab that crashed says no goodbye. */
const MAX_TABS = 256

type Tab = {
  readonly port: Pick<MessagePort, 'postMessage'>
  feed: Feed | null
  /** The board it has. */
  held: ClientBoard | null
  ready: boolean
  /** It wants a stream until then, as `performance.now()` counts. */
  wantsUntilMs: number
}

/** A refusal in the server's words, where it gives some. */
function reasonOf({ detail, status, message }: StreamError): string {
  return detail ?? (status === undefined ? message : `the server answered HTTP ${status}`)
}

const tabs = new Set<Tab>()
const feeds = new Map<string, Feed>()

class Feed {
  readonly #server: string
  readonly #token: string | null
  #connection: Connection
  #startedMs = 0
  #trouble: (Omit<Trouble, 'retryInMs'> & { readonly retryAtMs: number | null }) | null = null
  #looking: ReturnType<typeof setInterval> | undefined

  constructor(server: string, token: string | null) {
    this.#server = server
    this.#token = token
    this.#connection = this.#connect()
  }

  #connect(): Connection {
    this.#startedMs = performance.now()
    this.#trouble = null
    const made = connect(this.#server, {
      view: 'blocks',
      maxDelayMs: MAX_RETRY_MS,
      ...(this.#token === null ? {} : { token: this.#token }),
    })
    const tellAll = (): void => {
      if (this.#connection !== made) return
      for (const tab of this.#tabs()) this.tell(tab)
    }
    made.on('update', () => {
      if (this.#connection !== made) return
      for (const tab of this.#tabs()) if (tab.ready) this.tell(tab)
    })
    made.on('error', error => {
      const { status, retryInMs } = error
      this.#trouble = {
        message: reasonOf(error),
        status,
        retryAtMs: retryInMs === undefined ? null : performance.now() + retryInMs,
      }
      // It would be refused again: the tabs ask for a token.
      if (status === UNAUTHORIZED) made.close()
      tellAll()
    })
    made.on('state', state => {
      if (state === 'live') this.#trouble = null
      tellAll()
    })
    return made
  }

  #tabs(): readonly Tab[] {
    return [...tabs].filter(tab => tab.feed === this)
  }

  get isWanted(): boolean {
    const nowMs = performance.now()
    return this.#tabs().some(tab => tab.wantsUntilMs > nowMs)
  }

  tell(tab: Tab): void {
    const { state, silent, lastByteMs, board } = this.#connection
    const isNew = tab.ready && board !== null && board !== tab.held
    const news: News = {
      state,
      silent,
      heardAgoMs: lastByteMs === null ? null : Date.now() - lastByteMs,
      trouble: this.#trouble && {
        message: this.#trouble.message,
        status: this.#trouble.status,
        retryInMs:
          this.#trouble.retryAtMs === null ? null : Math.max(0, this.#trouble.retryAtMs - performance.now()),
      },
      board: isNew ? partOf(tab.held, board) : null,
    }
    if (isNew) {
      tab.held = board
      tab.ready = false
    }
    tab.port.postMessage(news)
  }

  /** Opens the stream, or lets it rest. */
  look(): void {
    if (this.isWanted) {
      this.#connection.resume()
      this.#looking ??= setInterval(() => this.look(), LOOK_EVERY_MS)
    } else {
      this.#connection.pause()
      clearInterval(this.#looking)
      this.#looking = undefined
    }
  }

  again(): void {
    const before = this.#connection
    const { state, lastByteMs } = before
    const isNew = performance.now() - this.#startedMs < LEAST_AGAIN_MS && state !== 'closed'
    const isSound = state === 'live' && Date.now() - (lastByteMs ?? 0) < SUSPECT_AFTER_MS
    // One that rests is only resumed.
    if (isNew || isSound || this.#looking === undefined) return
    this.#connection = this.#connect()
    before.close()
  }

  close(): void {
    clearInterval(this.#looking)
    this.#connection.close()
  }
}

function feedOf({ server, token }: Asked): Feed {
  const name = JSON.stringify([server, token])
  const known = feeds.get(name)
  if (known !== undefined) return known
  // Only those that are wanted stay, so there are no more than tabs.
  for (const [old, feed] of feeds) {
    if (feed.isWanted) continue
    feed.close()
    feeds.delete(old)
  }
  const made = new Feed(server, token)
  feeds.set(name, made)
  return made
}

/** Serves the tab at the other end of this port. */
function serve(port: MessagePort): void {
  const tab: Tab = { port, feed: null, held: null, ready: false, wantsUntilMs: 0 }
  port.onmessage = ({ data }: MessageEvent<Asked>) => {
    // The newest is last.
    tabs.delete(tab)
    tabs.add(tab)
    for (const oldest of tabs) {
      if (tabs.size <= MAX_TABS) break
      tabs.delete(oldest)
    }
    tab.wantsUntilMs = Math.max(tab.wantsUntilMs, performance.now() + data.keepMs)
    const feed = feedOf(data)
    if (tab.feed !== feed) {
      tab.feed = feed
      tab.held = null
    }
    tab.ready ||= data.ready
    if (data.again) feed.again()
    feed.look()
    feed.tell(tab)
  }
}

addEventListener('connect', event => {
  const [port] = (event as MessageEvent).ports
  if (port !== undefined) serve(port)
})
