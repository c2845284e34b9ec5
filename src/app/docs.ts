// The generated reference pages: made from the declarations the program itself runs on, so they cannot say anything else.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../clock/clock.js'
import { loadConfig } from '../config/load.js'
import { settingsPage, settingsSchema } from '../config/reference.js'
import { Connections } from '../connection/connections.js'
import { errorsPage } from '../contract/errors.js'
import { writeAtomically } from '../files/atomic.js'
import { httpPage, openApiDocument } from '../http/reference.js'
import { clientFilePlugin } from '../http/routes/client-file.js'
import { pagePlugin } from '../http/routes/page.js'
import { statusStreamPlugin } from '../http/routes/status-stream.js'
import { eventsPage } from '../http/schema-documents.js'
import { StatusHub } from '../hub/status-hub.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { metricsPage } from '../metrics/page.js'
import { createChat } from './chat.js'
import { VERSION } from './version.js'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** File name → content, for `docs/reference`. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const defaults = loadConfig({ env: {} })
  if (!defaults.ok) throw new Error('the defaults are not usable settings')
  const config = () => defaults.config
  // Put together for their descriptions; nothing of them is opened.
  const chat = createChat({
    config,
    metrics: silentMetrics(),
    log: silentLog,
    clock: systemClock,
    connections: new Connections(),
  })
  const statusHub = new StatusHub({ settings: config, clock: systemClock })
  const plugins = [clientFilePlugin(), pagePlugin([]), statusStreamPlugin(statusHub, config), ...chat.plugins]
  const openapi = await openApiDocument(defaults.config, VERSION, plugins).finally(() => statusHub.close())
  return new Map([
    ['settings.md', settingsPage()],
    ['g6.schema.json', json(settingsSchema())],
    ['metrics.md', metricsPage()],
    ['events.md', eventsPage()],
    ['http.md', httpPage(openapi)],
    ['openapi.json', json(openapi)],
    ['errors.md', errorsPage()],
  ])
}

async function stalePages(folder: string): Promise<readonly (readonly [name: string, content: string])[]> {
  const pages = [...(await referencePages())]
  const found = await Promise.all(
    pages.map(([name]) => readFile(join(folder, name), 'utf8').catch(() => null)),
  )
  return pages.filter(([, content], i) => found[i] !== content)
}

/** Names of the pages that are missing or say something else. */
export async function checkPages(folder: string): Promise<readonly string[]> {
  return (await stalePages(folder)).map(([name]) => name)
}

/** Writes those; returns their names. */
export async function writePages(folder: string): Promise<readonly string[]> {
  const stale = await stalePages(folder)
  await Promise.all(stale.map(([name, content]) => writeAtomically(join(folder, name), content)))
  return stale.map(([name]) => name)
}
