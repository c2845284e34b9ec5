// `g6 serve` as a process in its own folder: the status file it reads, the panel files and the dossier it writes, its
// log, and a client that must show its board.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connect } from '../../client/index.js'
import { eventually } from './eventually.js'
import { openFilesOf, residentKbOf } from './footprint.js'
import { freePort } from './free-port.js'
import { g6, type How, type Running } from './g6.js'

type Resync = {
  readonly epoch: string
  readonly generation: number
  readonly panels: Record<string, { hash: string }>
}
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string }

const hashesOf = (panels: Iterable<readonly [string, { readonly hash: string }]>): string =>
  [...panels]
    .map(([key, { hash }]) => `${key} ${hash}`)
    .sort()
    .join('\n')

const isOurs = (name: string): boolean => /^[a-z_]+\.json$/.test(name)
/** Names the server that writes the folder or the dossier. */
const isLock = (name: string): boolean => /^\.(writer|dossier\.json)\.lock$/.test(name)

function readJson(path: string): Record<string, unknown> | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return null
  }
  // An existing file must be whole at every moment: one that does not parse is the fault these tests look for.
  return JSON.parse(text) as Record<string, unknown>
}

type Footprint = { readonly files: number; readonly residentKb: number }
/** How far a heap grows until its first collection. */
const WARM_UP_KB = 48 * 1024

export type ServedOptions = How & {
  /** Where panel files and dossier go, instead of the folder. */
  readonly filesIn?: string
  readonly args?: readonly string[]
  readonly port?: number
}

export class ServedFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'g6-served-'))
  /** In a folder of its own, so that it can go away. */
  readonly statusDir = join(this.folder, 'in')
  readonly status = join(this.statusDir, 'status.json')
  readonly panels: string
  readonly dossier: string
  running: Running | null = null
  url = ''
  readonly #connections: Connection[] = []

  constructor(readonly options: ServedOptions = {}) {
    const filesIn = options.filesIn ?? this.folder
    this.panels = join(filesIn, 'panels')
    this.dossier = join(filesIn, 'dossier', 'dossier.json')
    mkdirSync(this.statusDir)
  }

  /** As a collector does: whole, by rename. */
  write(n: number): void {
    writeFileSync(
      `${this.status}.new`,
      JSON.stringify({
        cycle: n,
        interval: 1,
        indices: { NIFTY: { ltp: n, status: 'ok' }, BANKNIFTY: { ltp: 2 * n, status: 'ok' } },
        alerts: [{ level: 'warn', component: 'feed', message: `number ${n}`, time: 1_763_615_431 }],
        memory_mb: n % 400,
        performance: { n },
      }),
    )
    renameSync(`${this.status}.new`, this.status)
  }

  /** Starts it; again after a kill, at the same address. */
  async start(): Promise<void> {
    const { args = [], ...how } = this.options
    const port = this.url === '' ? String(await freePort()) : new URL(this.url).port
    this.running = g6(
      ['serve', '--port', port, '--status-file', this.status, '--panels-dir', this.panels, ...args],
      {
        G6_SUMMARY_DOSSIER_PATH: this.dossier,
        G6_SUMMARY_DOSSIER_INTERVAL_SEC: '0.05',
        G6_SUMMARY_REFRESH_SEC: '0.1',
        G6_SUMMARY_META_REFRESH_SEC: '0.02',
        G6_SUMMARY_RES_REFRESH_SEC: '0.02',
        G6_SSE_IP_CONNECT_RATE: '0',
        // Clients that are cut reconnect soon: fault tests wait for it again and again.
        G6_SSE_RETRY_MS: '0',
        G6_EVENTS_SSE_RETRY_MS: '0',
      },
      how,
    )
    if (how.err === undefined) this.url = await this.running.url()
  }

  get pid(): number {
    return this.running?.child.pid ?? 0
  }

  connect(url = this.url): Connection {
    const connection = connect(url, { initialDelayMs: 20, maxDelayMs: 100 })
    this.#connections.push(connection)
    return connection
  }

  async board(): Promise<Resync> {
    return (await (await fetch(`${this.url}/summary/resync`)).json()) as Resync
  }

  /** What `/summary/health` says of the source. */
  async source(): Promise<{ state: string; error?: string }> {
    const health = (await (await fetch(`${this.url}/summary/health`)).json()) as {
      status_file: { state: string; error?: string }
    }
    return health.status_file
  }

  /** Resolves when the client shows status `n`, with the server's hash for every panel. */
  async shows(connection: Connection, n: number): Promise<void> {
    await eventually(
      async () => {
        const panels = connection.board?.panels
        if (panels?.get('cycle')?.lines[0] !== `cycle: ${n}`) return false
        const { epoch, panels: theirs } = await this.board()
        return (
          connection.board?.epoch === epoch &&
          hashesOf(panels ?? []) === hashesOf(Object.entries(theirs).map(([key, panel]) => [key, panel]))
        )
      },
      () => `the client shows ${n}: ${JSON.stringify(connection.board?.panels.get('cycle')?.lines)}`,
    )
  }

  /** Resolves when panel files, manifest and dossier are the server's, whole, with no other files in the folder. */
  async filesAgree(): Promise<void> {
    let why = ''
    await eventually(
      async () => {
        const { panels } = await this.board()
        const manifest = readJson(join(this.panels, 'manifest.json'))
        const dossier = readJson(this.dossier)
        why = `manifest ${JSON.stringify(manifest)}`
        if (manifest === null) return false
        const hashes = manifest.hashes as Readonly<Record<string, string>>
        for (const file of manifest.files as readonly string[]) {
          const document = readJson(join(this.panels, file))
          const meta = document?.meta as
            | { hash: string; board_panel: string; board_hash: string | null }
            | undefined
          why = `${file}: ${JSON.stringify(meta)}`
          if (document === null) return false
          if (meta === undefined) continue
          if (!hashes[file]?.startsWith(meta.hash)) return false
          if (meta.board_hash !== (panels[meta.board_panel]?.hash ?? null)) return false
        }
        const theirs = dossier?.panel_hashes as Record<string, string> | undefined
        why = 'dossier'
        return theirs?.cycle === panels.cycle?.hash && theirs?.indices === panels.indices?.hash
      },
      () => `the files agree with the board: ${why}`,
    )
  }

  /** Reads every file there is; throws at one that is not whole. */
  checkFiles(): void {
    for (const name of readdirSync(this.panels)) if (isOurs(name)) readJson(join(this.panels, name))
    readJson(this.dossier)
  }

  /** Resolves when the folder has no other files; a file being written has one for a moment. */
  async nothingLeftOver(): Promise<void> {
    await eventually(
      () => this.#leftOver().length === 0,
      () => `nothing is left over: ${this.#leftOver()}`,
    )
  }

  #leftOver(): readonly string[] {
    return [this.panels, join(this.dossier, '..')].flatMap(folder => {
      try {
        return readdirSync(folder).filter(name => !isOurs(name) && !isLock(name))
      } catch {
        return []
      }
    })
  }

  log(): readonly LogLine[] {
    const text = this.running?.output().err ?? ''
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line) as LogLine)
  }

  /** Lines that report a fault or a recovery; not those of starting and stopping. */
  logged(pattern: RegExp): readonly LogLine[] {
    return this.log().filter(({ msg }) => pattern.test(msg))
  }

  footprint(): Footprint {
    return { files: openFilesOf(this.pid), residentKb: residentKbOf(this.pid) }
  }

  /**
   * Resolves when it has no more open files than before, except one it is just reading and a closing connection, and
   * no more memory than a fresh program still grows by.
   */
  async holdsNoMoreThan({ files, residentKb }: Footprint): Promise<void> {
    await eventually(
      () => this.footprint().files <= files + 2 && this.footprint().residentKb <= residentKb + WARM_UP_KB,
      () => `no more than ${files} files and ${residentKb} KB: ${JSON.stringify(this.footprint())}`,
    )
  }

  /** Ends it now and removes its folder. */
  async remove(): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.close()
    this.running?.signal('SIGCONT')
    this.running?.signal('SIGKILL')
    await this.running?.exit
    rmSync(this.folder, { recursive: true, force: true })
  }
}
