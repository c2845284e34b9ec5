// The link to Redis, and the one file that knows ioredis, which is loaded when a link is opened.
//
// Three lanes: commands (beats, boards, limits), bulk (answers of the relay: a backlog of them must not delay a beat; opened at
// first use), and a subscriber. Of ioredis only the wire protocol, TLS, Sentinel and Cluster are used: it never reconnects,
// queues or repeats here (lane.ts says why).
import type { Timers } from '../clock/timers.js'
import type { RedisAddress } from './address.js'
import { type Connection, EngineError } from './connection.js'
import { LANE_TIMES, Lane, type LaneTimes, type ResetReason, type RunOptions } from './lane.js'
import type { Script } from './script.js'

export type LaneName = 'commands' | 'bulk' | 'subscriber'

export type LinkObserver = {
  onReset?(lane: LaneName, why: ResetReason): void
  /** The time from sending a command to its answer. */
  onAnswer?(lane: LaneName, seconds: number): void
  onUp?(lane: LaneName): void
  onDown?(lane: LaneName): void
}

export type LinkOptions = {
  readonly address: RedisAddress
  /** PEM, for `rediss://`. */
  readonly ca?: string
  readonly monotonicMs: () => number
  readonly timers?: Timers
  readonly random?: () => number
  readonly times?: LaneTimes
  readonly observer?: LinkObserver
}

/** Runs one script; see Lane. */
export type Run = (
  script: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
  options?: RunOptions,
) => Promise<unknown>

export type Listener = (message: string) => void

/** More channels than this are a fault of ours: a node has some ten, and one for each bucket of answers it reads. */
const MOST_CHANNELS = 1_000

export class Link {
  readonly commands: Lane
  readonly #subscriber: Lane
  readonly #listeners = new Map<string, Listener>()
  readonly #makeLane: (name: LaneName) => Lane
  #subscribed: Connection | null = null
  #bulk: Lane | null = null
  #closed = false

  constructor(open: () => Connection, options: Omit<LinkOptions, 'address' | 'ca'>) {
    const { observer, ...shared } = options
    const laneOf = (name: LaneName, prepare: (connection: Connection) => Promise<unknown>): Lane => {
      const lane = new Lane({
        ...shared,
        open,
        prepare,
        observer: {
          onReset: why => observer?.onReset?.(name, why),
          onAnswer: seconds => observer?.onAnswer?.(name, seconds),
          onUp: () => observer?.onUp?.(name),
          onDown: () => observer?.onDown?.(name),
        },
      })
      lane.start()
      return lane
    }
    const ping = (connection: Connection): Promise<unknown> => connection.send(['PING'], 'text')
    this.#makeLane = name => laneOf(name, ping)
    this.commands = this.#makeLane('commands')
    this.#subscriber = laneOf('subscriber', connection => this.#subscribeAll(connection))
  }

  readonly run: Run = (script, keys, args, options) => this.commands.run(script, keys, args, options)

  /** For answers: a connection of its own, opened at first use; until it is up, commands are rejected as `gone`. */
  get bulk(): Lane {
    if (this.#bulk !== null || this.#closed) return this.#bulk ?? this.commands
    this.#bulk = this.#makeLane('bulk')
    return this.#bulk
  }

  get isListening(): boolean {
    return this.#subscriber.isUp
  }

  /** Calls back for every message, now and after each new connection; what is published between two connections is not heard. */
  subscribe(channel: string, listener: Listener): void {
    if (this.#listeners.size >= MOST_CHANNELS)
      throw new Error(`over ${MOST_CHANNELS} channels are subscribed`)
    this.#listeners.set(channel, listener)
    this.#send('subscribe', channel)
  }

  unsubscribe(channel: string): void {
    if (this.#listeners.delete(channel)) this.#send('unsubscribe', channel)
  }

  /** Makes the connections anew, which resolves names and asks Sentinels again. */
  reset(why: ResetReason): void {
    this.commands.reset(why)
    this.#bulk?.reset(why)
    this.#subscriber.reset(why)
  }

  close(): void {
    this.#closed = true
    for (const lane of [this.commands, this.#bulk, this.#subscriber]) lane?.close()
    this.#listeners.clear()
    this.#subscribed = null
  }

  async #subscribeAll(connection: Connection): Promise<void> {
    connection.onMessage = (channel, message) => this.#listeners.get(channel)?.(message)
    this.#subscribed = connection
    await connection.send(['PING'], 'text')
    // Channels that are added while this waits are sent by `subscribe` itself.
    const channels = [...this.#listeners.keys()]
    if (channels.length > 0) await connection.send(['subscribe', ...channels], 'text')
  }

  #send(command: 'subscribe' | 'unsubscribe', channel: string): void {
    const connection = this.#subscribed
    // A connection that is closed rejects; the next one subscribes all channels.
    connection?.send([command, channel], 'text').catch(() => connection.destroy())
  }
}

/** Loads ioredis and begins to connect; the link may be used at once, and says `gone` until there is a connection. */
export async function openLink({ address, ca, ...options }: LinkOptions): Promise<Link> {
  const { Cluster, Redis } = await import('ioredis')
  const { connectMs, deadlineMs } = options.times ?? LANE_TIMES
  const shared = {
    lazyConnect: true,
    // RESP2: the same replies from every version we support, and no HELLO.
    protocol: 2,
    disableClientInfo: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
  } as const
  const { username, password } = address
  const login = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  }
  const single = {
    ...shared,
    ...login,
    db: address.db,
    retryStrategy: () => null,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    connectTimeout: connectMs,
    keepAlive: 10_000,
  }
  const open = (): Connection => {
    switch (address.kind) {
      case 'single':
        return connectionOf(
          new Redis({
            ...single,
            ...address.at,
            ...(address.tls
              ? { tls: { servername: address.at.host, ...(ca === undefined ? {} : { ca }) } }
              : {}),
          }),
        )
      case 'unix':
        return connectionOf(new Redis({ ...single, path: address.path }))
      case 'sentinel':
        return connectionOf(
          new Redis({
            ...single,
            sentinels: [...address.hosts],
            name: address.master,
            sentinelRetryStrategy: () => null,
            sentinelCommandTimeout: deadlineMs,
            updateSentinels: false,
          }),
        )
      case 'cluster':
        return connectionOf(
          new Cluster([...address.hosts], {
            ...shared,
            clusterRetryStrategy: () => null,
            redisOptions: { ...login, connectTimeout: connectMs, protocol: 2, disableClientInfo: true },
          }),
        )
    }
  }
  return new Link(open, options)
}

/** What of ioredis' clients is used; a cluster has no stream of its own. */
type Client = {
  connect(): Promise<void>
  disconnect(): void
  call(name: string, args: (string | number | Buffer)[]): Promise<unknown>
  callBuffer(name: string, args: (string | number | Buffer)[]): Promise<unknown>
  on(event: 'error' | 'end', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  readonly stream?: { destroy(): unknown } | undefined
}

function connectionOf(client: Client): Connection {
  let isOver = false
  const connection: Connection = {
    ready: client.connect(),
    send: async ([name, ...args], as) => {
      try {
        return await (as === 'text' ? client.call(name, args) : client.callBuffer(name, args))
      } catch (error) {
        throw engineError(error)
      }
    },
    onMessage: () => {},
    onClosed: () => {},
    destroy: () => {
      if (isOver) return
      isOver = true
      client.disconnect()
      // `disconnect` waits for the other side, which may be gone.
      client.stream?.destroy()
    },
  }
  // Every error is followed by `end`; without a listener it would be printed.
  client.on('error', () => {})
  client.on('end', () => connection.onClosed())
  client.on('message', (channel, message) => connection.onMessage(channel, message))
  return connection
}

/** An error reply has the class of redis-errors, which ioredis uses by name. Its text may hold arguments: only its first line, cut, is kept. */
function engineError(error: unknown): EngineError {
  if (error instanceof Error && error.name === 'ReplyError')
    return new EngineError('refused', (error.message.split('\n')[0] ?? '').slice(0, 200))
  return new EngineError('gone', 'the connection to Redis closed')
}
