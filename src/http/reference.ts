// The generated reference of the HTTP side: docs/reference/openapi.json and docs/reference/http.md.
import { systemClock } from '../clock/clock.js'
import { Connections } from '../connection/connections.js'
import type { HttpPlugin } from '../contract/plugin.js'
import type { HubLike } from '../hub/hub-types.js'
import { silentLog } from '../log/log.js'
import type { HttpConfig } from './http-config.js'
import { createHttpServer } from './server.js'

type Parameter = { readonly name: string; readonly in: string; readonly description?: string }
type BodySchema = {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly required?: readonly string[]
}
type Operation = {
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: BodySchema }>>
  }
  readonly security?: readonly object[]
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

function unused(): never {
  throw new Error('a server made for its description serves no requests')
}

/** With it, the description has the routes of the stream too. */
const NO_HUB: HubLike = { board: null, join: unused }

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
    connections: new Connections(),
    panelKeys: () => new Set(),
    health: unused,
    ready: unused,
    metrics: unused,
    log: silentLog,
    clock: systemClock,
    version,
    plugins,
    second: { path: '/fleet', hub: NO_HUB, catchUp: unused, health: unused, plugins: [] },
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

type Route = { readonly name: string; readonly operation: Operation }

/** Each parameter of that place once, by its first description, with the routes that take it. */
function parameterRows(routes: readonly Route[], place: string): readonly string[] {
  const found = new Map<string, { readonly description: string; readonly routes: string[] }>()
  for (const { name: route, operation } of routes) {
    for (const { name, in: where, description = '' } of operation.parameters ?? []) {
      if (where !== place) continue
      const known = found.get(name) ?? { description, routes: [] }
      known.routes.push(`\`${route}\``)
      found.set(name, known)
    }
  }
  return [...found].map(
    ([name, { description, routes: taking }]) => `| \`${name}\` | ${description} | ${taking.join(', ')} |`,
  )
}

/** A row for each member of each JSON body. */
function bodyRows(routes: readonly Route[]): readonly string[] {
  return routes.flatMap(({ name: route, operation }) => {
    const { properties = {}, required = [] } =
      operation.requestBody?.content?.['application/json']?.schema ?? {}
    return Object.entries(properties).map(([name, { description = '' }]) => {
      const isNeeded = required.includes(name) ? 'yes' : 'no'
      return `| \`${route}\` | \`${name}\` | ${isNeeded} | ${description} |`
    })
  })
}

/** `docs/reference/http.md`, from the OpenAPI document. */
export function httpPage(openapi: { readonly paths?: Paths }): string {
  const operations = Object.entries(openapi.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'head')
      .map(([method, operation]) => ({ path, method, operation })),
  )
  const routes = operations.map(({ path, method, operation }) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  }))
  return [
    '# HTTP',
    '',
    'Every route, from the description the server gives at `/openapi.json`. *token*: needs the token when one is set',
    '(`/metrics` not with `G6_METRICS_PUBLIC=1`), as `X-API-Token` or `Authorization: Bearer`; the chat relay takes a person’s JWT as',
    '`Authorization: Bearer` too. `HEAD` works wherever `GET` does. Errors: see errors.md.',
    '',
    '| Route | What | Query | Access |',
    '| --- | --- | --- | --- |',
    ...operations.map(({ path, method, operation }) => row(method, path, operation)),
    '',
    '| Query parameter | Meaning | Routes |',
    '| --- | --- | --- |',
    ...parameterRows(routes, 'query'),
    '',
    '| Request header | Meaning | Routes |',
    '| --- | --- | --- |',
    ...parameterRows(routes, 'header'),
    '',
    'Bodies are JSON (`application/json`).',
    '',
    '| Route | Member | Needed | Meaning |',
    '| --- | --- | --- | --- |',
    ...bodyRows(routes),
    '',
  ].join('\n')
}
