// The demo: simulator, server and dashboard in one process, in a temporary folder that is removed at the end. Settings from
// flags, environment and file win over the demo's own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_EXAMPLES } from '../chat/mock/demo-answers.js'
import { createDemoEdge, DEMO_BACKEND } from '../chat/mock/demo-edge.js'
import type { Flags } from '../config/layers.js'
import type { Loaded, LoadResult } from '../config/load.js'
import { unixPathOf } from '../config/unix-path.js'
import type { Log } from '../log/log.js'
import type { TextStream } from '../outputs/newest-writer.js'
import { runSimulator } from '../simulator/run.js'
import { createScenario, type ScenarioName } from '../simulator/scenario.js'
import { loadPanels } from './custom-panels.js'
import { fileOutputs, screenOutput } from './outputs.js'
import { unifiedUrl } from './panel-context.js'
import { Program } from './program.js'
import { runProgram } from './run.js'
import type { Screen } from './screen.js'
import { fileSource, fileSourceOf } from './source.js'

const INDICES = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']
const INTERVAL_SEC = 60
const REFRESH_SEC = 1

type Prepared = { readonly loaded: Loaded; readonly log: Log; readonly load: () => LoadResult }

export type DemoOptions = {
  /** A JSON document to show instead of the simulated platform; null: none. */
  readonly document: string | null
  readonly scenario: ScenarioName
  /** A whole number from 0 to `MAX_SEED`. */
  readonly seed: number
  /** Loads the settings over the demo's own; null: they cannot be used, and the errors were printed. */
  readonly prepare: (own: Flags) => Prepared | null
  readonly stdout: TextStream
  /** Null: plain text. */
  readonly screen: Screen | null
}

/** A document that lies there is looked at, not written: its age is no fault. */
const ANY_AGE = '{"stream.stale.warn_sec": 1e9, "stream.stale.error_sec": 1e9}'

/** The first thing the demo prints: where to look, and one line to try. */
export function welcome(base: string | null, hasPage: boolean, ofDocument: boolean): string {
  if (base === null) return 'G6 Stream demo\n\n'
  const what = ofDocument
    ? 'the board of a document and its stream'
    : 'a simulated platform, its board and its stream'
  const title = `G6 Stream demo: ${what} (Ctrl+C ends it)`
  const path = unixPathOf(base)
  if (path !== null) {
    return `${title}\n\n  try      curl -N --unix-socket '${path}' http://localhost/summary/events\n\n`
  }
  return [
    title,
    '',
    ...(hasPage ? [`  page     ${base}/`, `  chat     ${base}/chat`] : []),
    `  board    ${base}/summary/resync`,
    `  stream   ${base}/summary/events`,
    `  health   ${base}/summary/health`,
    `  metrics  ${base}/metrics`,
    '',
    `  try      curl -N ${base}/summary/events`,
    '',
    '',
  ].join('\n')
}

/** Runs until a signal or the settings end it; returns the exit code. */
export async function startDemo(options: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-demo-'))
  const simulator = new AbortController()
  const statusFile = join(folder, 'runtime_status.json')
  try {
    const { document } = options
    const prepared = options.prepare({
      G6_SUMMARY_STATUS_FILE: statusFile,
      ...(document === null ? {} : { G6_SUMMARY_THRESH_OVERRIDES: ANY_AGE }),
      G6_PANELS_DIR: join(folder, 'panels'),
      // The chat page, with scripted answers; nothing of it is written to the disk.
      ENABLE_SSE_STREAMING: '1',
      ENABLE_AUDIT_TRAIL: '0',
      RAG_BACKEND_URL: DEMO_BACKEND,
      G6_CHAT_EXAMPLES: DEMO_EXAMPLES.join('|'),
    })
    if (prepared === null) return 1
    const { loaded, log, load } = prepared
    const { screen, stdout } = options
    const [backend = ''] = loaded.config.ragBackendUrl
    const isScripted = backend.startsWith(DEMO_BACKEND)
    const program = new Program({
      loaded,
      command: 'demo',
      source: document === null ? fileSourceOf : parts => fileSource(document, parts),
      outputs: parts => [
        ...(screen?.outputs(parts) ?? screenOutput(parts, 'plain', stdout)),
        ...fileOutputs(parts),
      ],
      ...(screen !== null && { onPast: past => screen.takePast(past) }),
      chatStandIn: isScripted ? { name: 'a script', edge: createDemoEdge } : null,
      panels: await loadPanels(loaded.config.panelsModule),
      log,
    })
    const simulated =
      document !== null
        ? Promise.resolve()
        : runSimulator({
            path: loaded.config.summaryStatusFile,
            refreshSec: REFRESH_SEC,
            cycles: 0,
            signal: simulator.signal,
            scenario: createScenario({
              seed: options.seed,
              indices: INDICES,
              intervalSec: INTERVAL_SEC,
              shape: 'both',
              scenario: options.scenario,
              openMarket: true,
              withAnalytics: true,
            }),
          })
    // The `await` below gets the error.
    simulated.catch(() => program.stop())
    try {
      return await runProgram({
        program,
        log,
        load,
        ...(screen !== null && { restore: () => screen.restore() }),
        onListening: listening => {
          // Before the screen opens, so that it is above the screen and is visible again afterwards.
          stdout.write(welcome(unifiedUrl(loaded.config, listening), program.hasPage, document !== null))
          for (const { name, url } of listening) log.info({ name, url }, 'listening')
          screen?.open(program)
        },
      })
    } finally {
      simulator.abort()
      await simulated
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
