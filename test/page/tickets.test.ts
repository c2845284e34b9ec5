// An EventSource with a ticket, in a real browser, through all that happens to a connection: cuts, half-open connections, restarts of
// the server, ten minutes offline, and two servers behind one address. One 401 would end it for good.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, test } from 'vitest'
import { launchChromium } from '../support/chromium.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { endAll, g6, type Running } from '../support/g6.js'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

const TOKEN = 'the-token-of-both-servers'
const OFFLINE_MS = 600_000

/** One address in front of two servers, as a load balancer without memory. */
class Switch {
  readonly #clients = new Set<Socket>()
  readonly #servers = new Set<Socket>()
  readonly #listener = createServer(client => this.#forward(client))
  /** 0: nobody answers. */
  target = 0

  async open(): Promise<string> {
    await new Promise<void>(resolve => this.#listener.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`
  }

  #forward(client: Socket): void {
    client.on('error', () => client.destroy())
    if (this.target === 0) {
      client.destroy()
      return
    }
    const server = connect(this.target, '127.0.0.1')
    server.on('error', () => server.destroy())
    for (const [socket, all] of [
      [client, this.#clients],
      [server, this.#servers],
    ] as const) {
      all.add(socket)
      socket.once('close', () => all.delete(socket))
    }
    client.on('data', bytes => void server.write(bytes))
    server.on('data', bytes => void client.write(bytes))
    server.once('close', () => client.destroy())
  }

  /** The client's side ends; `isHalfOpen`: the servers do not learn of it. */
  cut(isHalfOpen = false): void {
    for (const socket of isHalfOpen ? this.#clients : [...this.#clients, ...this.#servers]) socket.destroy()
  }

  close(): Promise<void> {
    this.cut()
    return new Promise(resolve => this.#listener.close(() => resolve()))
  }
}

class Server {
  #running: Running | null = null
  constructor(
    readonly port: number,
    readonly status: string,
  ) {}

  /** Again after a kill, at the same port. `aheadMs`: how far its wall clock is ahead of this machine's. */
  async start(aheadMs = 0): Promise<void> {
    const clock = `const now=Date.now;Date.now=()=>now()+${aheadMs}`
    this.#running = g6(['serve', '--port', String(this.port), '--status-file', this.status], {
      G6_SSE_API_TOKEN: TOKEN,
      G6_SSE_RETRY_MS: '50',
      G6_SSE_IP_CONNECT_RATE: '0',
      // A connection that is gone must not keep the only place.
      G6_SSE_MAX_CONNECTIONS: '1',
      G6_NO_WRITE_PANELS: '1',
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(clock)}`,
    })
    await this.#running.url()
  }

  async kill(): Promise<void> {
    this.#running?.signal('SIGKILL')
    await this.#running?.exit
  }
}

/** Opens the stream in the page, which has a stream of its own without a token. */
function follow(url: string): void {
  const seen = { source: new EventSource(url), hellos: 0 }
  seen.source.addEventListener('hello', () => {
    seen.hellos += 1
  })
  Object.assign(window, { seen })
}

type Seen = { readonly source: { readonly readyState: number }; readonly hellos: number }
const seenIn = (page: Page): Promise<{ state: number; hellos: number }> =>
  page.evaluate(() => {
    const { source, hellos } = (window as unknown as { seen: Seen }).seen
    return { state: source.readyState, hellos }
  })

// It starts four processes: most of its time goes there.
test('an EventSource outlives cuts, restarts, ten minutes offline and a change of servers', {
  timeout: 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-tickets-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const status = join(folder, 'status.json')
  writeFileSync(status, JSON.stringify({ cycle: 1, indices: { NIFTY: { ltp: 1 } } }))
  const [one, two] = [new Server(await freePort(), status), new Server(await freePort(), status)]
  const between = new Switch()
  closers.push(() => between.close())
  const url = await between.open()
  await one.start()
  between.target = one.port

  const page = await browser.newPage()
  closers.push(() => page.close())
  await page.goto(`${url}/`)
  const asked = await fetch(`${url}/summary/ticket`, { method: 'POST', headers: { 'X-API-Token': TOKEN } })
  const { ticket } = (await asked.json()) as { ticket: string }
  await page.evaluate(follow, `${url}/summary/events?ticket=${ticket}`)

  let hellos = 0
  /** Resolves when the browser has connected once more. */
  const isBack = async (why: string): Promise<void> => {
    await eventually(
      async () => {
        const now = await seenIn(page)
        if (now.state === 2) throw new Error(`the EventSource gave up: ${why}`)
        if (now.state !== 1 || now.hellos <= hellos) return false
        hellos = now.hellos
        return true
      },
      () => why,
    )
  }
  await isBack('the first connection')
  between.cut()
  await isBack('a cut')
  between.cut(true)
  await isBack('the old connection is half-open')
  await one.kill()
  await one.start()
  await isBack('a restart')
  between.target = 0
  between.cut(true)
  await one.kill()
  await one.start(OFFLINE_MS)
  between.target = one.port
  await isBack('ten minutes offline, and a restart')
  await two.start(OFFLINE_MS - 3_000)
  for (let i = 0; i < 6; i++) {
    between.target = i % 2 === 0 ? two.port : one.port
    between.cut(i % 3 === 0)
    await isBack(`change ${i + 1} of servers`)
  }
})
