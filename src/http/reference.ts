// The generated reference of the HTTP side: docs/reference/openapi.json and docs/reference/http.md.
import { systemClock } from '../clock/clock.js'
import type { HttpPlugin } from '../guards/seam.js'
import type { HubLike } from '../hub/hub-types.js'
import { silentLog } from '../log/log.js'
import type { HttpConfig } from './http-config.js'
import { createHttpServer } from './server.js'

type Operation = {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly description?: string
  }[]
  readonly security?: readonly object[]
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

function unused(): never {
  throw new Error('a description serves nothing')
}

/** Only there so that the stream's routes are described too. */
const NO_HUB: HubLike = {
  board: null,
  join: unused,
  publish: unused,
  dismiss: unused,
  shed: unused,
  stats: unused,
  close: unused,
}

/** `docs/reference/openapi.json`: the document of a server with these settings and plugins; nothing is opened. */
export async function openApiDocument(
  config: HttpConfig,
  version: string,
  plugins: readonly HttpPlugin[] = [],
): Promise<object> {
  const server = createHttpServer({
    config: () => config,
    listeners: [],
    hub: NO_HUB,
    panelKeys: () => new Set(),
    health: unused,
    ready: unused,
    metrics: unused,
    log: silentLog,
    clock: systemClock,
    version,
    plugins,
  })
  try {
    return await server.describe()
  } finally {
    await server.close()
  }
}

function row(
  method: string,
  path: string,
  { summary = '', parameters = [], security = [] }: Operation,
): string {
  const names = parameters.filter(({ in: place }) => place === 'query').map(({ name }) => `\`${name}\``)
  const guarded = security.length > 0 ? 'token' : 'open'
  return `| \`${method.toUpperCase()} ${path}\` | ${summary} | ${names.join(', ') || '–'} | ${guarded} |`
}

/** `docs/reference/http.md`, from the OpenAPI document. */
export function httpPage(openapi: { readonly paths?: Paths }): string {
  const operations = Object.entries(openapi.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'head')
      .map(([method, operation]) => ({ path, method, operation })),
  )
  const parameters = new Map(
    operations.flatMap(({ operation }) =>
      (operation.parameters ?? [])
        .filter(({ in: place }) => place === 'query')
        .map(({ name, description = '' }) => [name, description] as const),
    ),
  )
  return [
    '# HTTP',
    '',
    'Every route, from the description the server gives at `/openapi.json`. *token*: needs the token when one is set',
    '(`/metrics` not with `G6_METRICS_PUBLIC=1`). `HEAD` works wherever `GET` does. Errors: see errors.md.',
    '',
    '| Route | What | Query | Access |',
    '| --- | --- | --- | --- |',
    ...operations.map(({ path, method, operation }) => row(method, path, operation)),
    '',
    '| Query parameter | Meaning |',
    '| --- | --- |',
    ...[...parameters].map(([name, description]) => `| \`${name}\` | ${description} |`),
    '',
  ].join('\n')
}
