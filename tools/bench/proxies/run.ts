// What the proxies of Debian add to each event, as somebody who read no documentation configures them: the real server, a real
// proxy, one reader through it and one at the server; the delay is the time between the two. Needs nginx, caddy, haproxy, apache2.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../../../bench/child.js'
import { startServer } from '../../../bench/own-server.js'
import { spread } from '../../../bench/stats.js'
import { defaultProxy, freePort, makeCertificate, PROXIES, type ProxyName } from './defaults.js'
import { TimedReader, WAYS, type Way } from './reader.js'

const GAP_MS = 300
const START_MS = 20_000
/** After the last change. */
const LAST_MS = 1_500

export type ProxyFigure = {
  readonly proxy: ProxyName
  readonly version: string
  readonly way: Way
  readonly server_gzip: boolean
  readonly proxy_compresses: boolean
  /** What the reader was sent. */
  readonly encoding: string
  /** Of the changes, how many came at all. */
  readonly came: number
  readonly changes: number
  /** Null when none came. */
  readonly delay_ms: { readonly median: number; readonly min: number; readonly max: number } | null
  readonly fault: string | null
}

const VERSIONS: Readonly<Record<ProxyName, readonly string[]>> = {
  nginx: ['nginx', '-v'],
  caddy: ['caddy', 'version'],
  haproxy: ['haproxy', '-v'],
  apache: ['apache2', '-v'],
}

function versionOf(proxy: ProxyName): string {
  // nginx prints its version as an error.
  const printed = execFileSync('sh', ['-c', '"$@" 2>&1', '-', ...VERSIONS[proxy]], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(printed)?.[0] ?? 'unknown'
}

async function listens(port: number, name: string): Promise<void> {
  const deadlineMs = performance.now() + START_MS
  for (;;) {
    const isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    if (performance.now() > deadlineMs) throw new Error(`${name} does not listen`)
    await wait(50)
  }
}

/** When each generation was at a reader of the server itself. */
function directReader(url: string): { readonly seenMs: Map<number, number>; close(): void } {
  const seenMs = new Map<number, number>()
  const request = get(`${url}/summary/events`, { agent: false }, response => {
    response.setEncoding('latin1').on('data', (text: string) => {
      for (const [, generation] of text.matchAll(/^id: \S+-(\d+)$/gm))
        seenMs.set(Number(generation), performance.now())
    })
    response.on('error', () => {})
  })
  request.on('error', () => {})
  return { seenMs, close: () => request.destroy() }
}

/** All proxies and ways at once; `changes` changes. */
async function round(
  folder: string,
  changes: number,
  serverGzip: boolean,
  compresses: boolean,
): Promise<readonly ProxyFigure[]> {
  const file = join(folder, 'status.json')
  let cycle = 0
  const write = (): void => {
    cycle++
    const indices = { NIFTY: { ltp: cycle, status: 'OK' } }
    writeFileSync(`${file}.new`, JSON.stringify({ cycle, indices }))
    renameSync(`${file}.new`, file)
  }
  write()
  const server = await startServer(
    ['serve', '--status-file', file, '--panels-dir', join(folder, 'panels'), '--refresh', '3600'],
    { G6_SSE_GZIP: serverGzip ? '1' : '0', G6_SSE_HEARTBEAT_CYCLES: '100000' },
  )
  const certificate = makeCertificate(folder)
  const running: {
    readonly child: Child
    readonly port: number
    readonly plainPort: number
    readonly name: ProxyName
  }[] = []
  try {
    for (const name of PROXIES) {
      const [port, plainPort] = [await freePort(), await freePort()]
      const setup = { folder, port, plainPort, backend: new URL(server.url).host, compresses, ...certificate }
      const child = new Child(name, defaultProxy(name, setup), { lines: 'stderr', env: { HOME: folder } })
      running.push({ child, port, plainPort, name })
      await listens(port, name)
    }
    const direct = directReader(server.url)
    const readers = running.flatMap(({ port, plainPort, name }) =>
      WAYS.map(way => ({ name, way, reader: new TimedReader(port, plainPort, way) })),
    )
    await wait(LAST_MS)
    const before = Math.max(0, ...direct.seenMs.keys())
    for (let i = 0; i < changes; i++) {
      write()
      await wait(GAP_MS)
    }
    await wait(LAST_MS)
    const generations = [...direct.seenMs.keys()].filter(generation => generation > before)
    const figures = readers.map(({ name, way, reader }): ProxyFigure => {
      const delays = generations.flatMap(generation => {
        const [there, here] = [reader.seenMs.get(generation), direct.seenMs.get(generation)]
        return there === undefined || here === undefined ? [] : [Math.max(0, there - here)]
      })
      const { count, ...delay } = delays.length === 0 ? { count: 0 } : spread(delays)
      return {
        proxy: name,
        version: versionOf(name),
        way,
        server_gzip: serverGzip,
        proxy_compresses: compresses,
        encoding: reader.encoding,
        came: count,
        changes: generations.length,
        delay_ms: 'median' in delay ? delay : null,
        fault: reader.fault,
      }
    })
    for (const { reader } of readers) reader.close()
    direct.close()
    return figures
  } finally {
    for (const { child } of running) await child.stop()
    await server.stop()
  }
}

export async function benchProxies(changes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'g6-proxies-'))
  try {
    const figures: ProxyFigure[] = []
    for (const serverGzip of [true, false]) {
      for (const compresses of [false, true])
        figures.push(...(await round(folder, changes, serverGzip, compresses)))
    }
    return { gap_ms: GAP_MS, figures }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
