// What one server of a fleet asks of another that it does not know: a request goes to all, the one that can do it answers, and the
// answer comes back on a channel of the server that asked. Nothing of it is kept: without an answer in time the caller is refused.
import { systemTimers, type Timers } from '../clock/timers.js'
import { EngineError } from '../redis/connection.js'
import type { Link } from '../redis/link.js'
import type { Seal } from './seal.js'

/** Carries it out; null: another server does. */
export type RequestHandler = (text: string) => Promise<string | null>

export type RequestsLink = {
  readonly link: {
    readonly commands: Pick<Link['commands'], 'send'>
    subscribe: Link['subscribe']
  }
  readonly channel: string
  /** The id of this node. */
  readonly node: string
}

export type RequestsOptions = {
  readonly seal: Seal
  readonly timers?: Timers
  readonly onFault: (error: unknown) => void
}

const WAIT_MS = 2_000
/** At once, of this server, and of others here. */
const MOST_WAITING = 100
const MOST_CHARS = 100_000

export class Requests {
  /** What this server can do for others; set before `start`. */
  handler: RequestHandler = () => Promise.resolve(null)
  readonly #options: RequestsOptions
  readonly #waiting = new Map<string, (answer: string | null) => void>()
  #link: RequestsLink | null = null
  #count = 0
  #working = 0

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  start(made: RequestsLink): void {
    const { link, channel, node } = made
    this.#link = made
    link.subscribe(channel, message => {
      this.#carryOut(message).catch((error: unknown) => {
        // While Redis is away no server can be answered.
        if (!(error instanceof EngineError)) this.#options.onFault(error)
      })
    })
    link.subscribe(`${channel}:${node}`, message => this.#answered(message))
  }

  /** Null: no server answered in time, or Redis is away. */
  async ask(text: string): Promise<string | null> {
    if (this.#link === null || this.#waiting.size >= MOST_WAITING) return null
    const { channel, node } = this.#link
    const id = `${node} ${++this.#count}`
    const answer = new Promise<string | null>(resolve => {
      const cancel = (this.#options.timers ?? systemTimers).after(WAIT_MS, () => settle(null))
      const settle = (found: string | null): void => {
        cancel()
        this.#waiting.delete(id)
        resolve(found)
      }
      this.#waiting.set(id, settle)
    })
    try {
      await this.#publish(channel, `${id} ${this.#options.seal.seal(text, `${channel} ${id}`)}`)
    } catch (error) {
      this.#waiting.get(id)?.(null)
      if (!(error instanceof EngineError)) throw error
    }
    return answer
  }

  async #publish(channel: string, message: string): Promise<void> {
    await this.#link?.link.commands.send(['PUBLISH', channel, message])
  }

  async #carryOut(message: string): Promise<void> {
    const link = this.#link
    const [, node = '', number = '', sealed = ''] = /^(\S+) (\d{1,15}) (.*)$/s.exec(message) ?? []
    if (link === null || node === '' || message.length > MOST_CHARS || this.#working >= MOST_WAITING) return
    const { channel } = link
    const id = `${node} ${number}`
    const text = this.#options.seal.open(sealed, `${channel} ${id}`)
    if (text === null) return
    this.#working++
    try {
      const answer = await this.handler(text)
      // A longer one is not taken either.
      if (answer === null || answer.length > MOST_CHARS) return
      const about = `${channel} answer ${id}`
      await this.#publish(`${channel}:${node}`, `${number} ${this.#options.seal.seal(answer, about)}`)
    } finally {
      this.#working--
    }
  }

  #answered(message: string): void {
    const link = this.#link
    const [, number = '', sealed = ''] = /^(\d{1,15}) (.*)$/s.exec(message) ?? []
    if (link === null) return
    const id = `${link.node} ${number}`
    const text = this.#options.seal.open(sealed, `${link.channel} answer ${id}`)
    if (text !== null) this.#waiting.get(id)?.(text)
  }
}
