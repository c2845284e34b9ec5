// `g6 readers`: who is connected to a server.
import { Argument, Command } from 'commander'
import { settingFlags } from '../config/flags.js'
import type { Config } from '../config/settings.js'
import { type ReadersDocument, readersDocument } from '../protocol/readers.js'
import { print } from './output.js'
import { readersText } from './readers-text.js'
import { prepare } from './settings.js'

const TIMEOUT_MS = 10_000
/** A thousand readers are half of it at most. */
const MAX_BODY_BYTES = 2 * 1024 * 1024

/** Where the server of these settings listens. */
function ownUrl({ httpHost, unifiedHttpPort }: Config): string {
  const isEverywhere = httpHost === '0.0.0.0' || httpHost === '::'
  const host = isEverywhere ? '127.0.0.1' : httpHost
  return `http://${host.includes(':') ? `[${host}]` : host}:${unifiedHttpPort}`
}

async function bodyOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.length
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is over ${MAX_BODY_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

async function readersOf(base: string, token: string | null): Promise<ReadersDocument> {
  const { fetch } = await import('undici')
  const url = new URL('summary/readers', base.endsWith('/') ? base : `${base}/`)
  const response = await fetch(url, {
    headers: token === null ? {} : { 'X-API-Token': token },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new Error(
      `${url.origin} cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`,
    )
  })
  const text = await bodyOf(response.body)
  if (response.status === 401) {
    throw new Error(`${url.origin} needs its token: set G6_SSE_API_TOKEN_FILE as the server has it`)
  }
  if (response.status !== 200) throw new Error(`${url.origin} answers with ${response.status}`)
  const parsed = readersDocument.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error(`${url.origin} answers with no list of readers`)
  return parsed.data
}

export function readersCommand(): Command {
  return settingFlags(new Command('readers'), ['G6_HTTP_HOST', 'G6_UNIFIED_HTTP_PORT', 'G6_SSE_API_TOKEN'])
    .description('Show who is connected to a server')
    .addArgument(new Argument('[url]', 'The server; by default the one of these settings, on this machine'))
    .option('--json', 'As JSON')
    .action(async (url: string | undefined, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const document = await readersOf(url ?? ownUrl(config), config.sseApiToken)
      print(command.opts<{ json?: true }>().json ? `${JSON.stringify(document)}\n` : readersText(document))
    })
}
