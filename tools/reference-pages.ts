// The generated reference pages, made from the declarations that the program itself uses, so they cannot differ from it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createChat } from '../src/app/chat.js'
import { VERSION } from '../src/app/version.js'
import { wordsPage } from '../src/automatic/page.js'
import { systemClock } from '../src/clock/clock.js'
import { loadConfig } from '../src/config/load.js'
import { settingsPage, settingsSchema } from '../src/config/pages.js'
import { Connections } from '../src/connection/connections.js'
import { errorsPage } from '../src/contract/errors.js'
import { writeAtomically } from '../src/files/atomic.js'
import { NearHistory } from '../src/history/near.js'
import { VerdictLog } from '../src/history/verdict-log.js'
import { httpPage, openApiDocument } from '../src/http/reference.js'
import { clientFilePlugin, pagePlugin } from '../src/http/routes/built-files.js'
import { historyPlugin } from '../src/http/routes/history.js'
import { notifyPlugin } from '../src/http/routes/notify.js'
import { pushPlugin } from '../src/http/routes/push.js'
import { statusStreamPlugin } from '../src/http/routes/status-stream.js'
import { boardSchema, chatEventsPage, eventsPage } from '../src/http/schema-documents.js'
import { StatusHub } from '../src/hub/status-hub.js'
import { silentLog } from '../src/log/log.js'
import { silentMetrics } from '../src/metrics/metrics.js'
import { metricsPage } from '../src/metrics/page.js'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** File name → content, for `docs/reference`. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const defaults = loadConfig({ env: {} })
  if (!defaults.ok) throw new Error('the default settings are not valid')
  const config = () => defaults.config
  // Created for their descriptions; nothing is opened.
  const chat = createChat({
    config,
    metrics: silentMetrics(),
    log: silentLog,
    clock: systemClock,
    connections: new Connections(),
  })
  const statusHub = new StatusHub({ settings: config, clock: systemClock })
  const plugins = [
    clientFilePlugin(),
    pagePlugin([]),
    statusStreamPlugin(statusHub, config),
    pushPlugin([], config),
    notifyPlugin(() => null, config),
    historyPlugin({
      config,
      history: new NearHistory({ nowMs: systemClock.nowMs }),
      verdicts: new VerdictLog(),
      clock: systemClock,
    }),
    ...chat.plugins,
  ]
  const openapi = await openApiDocument(defaults.config, VERSION, plugins).finally(() => statusHub.close())
  return new Map([
    ['settings.md', settingsPage()],
    ['g6.schema.json', json(settingsSchema())],
    ['board.schema.json', json(boardSchema())],
    ['metrics.md', metricsPage()],
    ['events.md', eventsPage()],
    ['chat-events.md', chatEventsPage()],
    ['http.md', httpPage(openapi)],
    ['openapi.json', json(openapi)],
    ['errors.md', errorsPage()],
    ['words.md', wordsPage()],
  ])
}

async function stalePages(folder: string): Promise<readonly (readonly [name: string, content: string])[]> {
  const pages = [...(await referencePages())]
  const found = await Promise.all(
    pages.map(([name]) => readFile(join(folder, name), 'utf8').catch(() => null)),
  )
  return pages.filter(([, content], i) => found[i] !== content)
}

/** Names of the pages that are missing or stale. */
export async function checkPages(folder: string): Promise<readonly string[]> {
  return (await stalePages(folder)).map(([name]) => name)
}

/** Writes the missing and stale pages; returns their names. */
export async function writePages(folder: string): Promise<readonly string[]> {
  const stale = await stalePages(folder)
  await Promise.all(stale.map(([name, content]) => writeAtomically(join(folder, name), content)))
  return stale.map(([name]) => name)
}
