// Requests of this program to other servers: `fetch` of the library in the lock file, not of whichever Node runs it. The library
// is loaded with the first request, so a server that follows nobody does without it.
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type * as library from 'undici'
import { isLinkLocal } from './link-local.js'

let loading: Promise<typeof library> | undefined

function load(): Promise<typeof library> {
  loading ??= import('undici')
  return loading
}

export async function outgoingFetch(
  url: string,
  init: RequestInit = {},
  dispatcher?: library.Dispatcher,
): Promise<Response> {
  const { fetch } = await load()
  // The border: the library and Node declare the same standard twice.
  const known = init as unknown as library.RequestInit
  const answer = await fetch(url, dispatcher === undefined ? known : { ...known, dispatcher })
  return answer as unknown as Response
}

/** The code of the error when a name leads to link-local addresses alone. */
export const LINK_LOCAL_CODE = 'G6_LINK_LOCAL'

export type Resolve = (
  hostname: string,
  answer: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void

const resolveAll: Resolve = (hostname, answer) => systemLookup(hostname, { all: true }, answer)

/** Resolves names, but to no link-local address. An address in a URL is not looked up, so naming it allows it. */
function lookupWith(resolve: Resolve): LookupFunction {
  return (hostname, { all }, answer) => {
    resolve(hostname, (error, found) => {
      const addresses = found?.filter(({ address }) => !isLinkLocal(address)) ?? []
      const [first] = addresses
      if (error !== null) answer(error, '')
      else if (first === undefined)
        answer(Object.assign(new Error('it leads to link-local addresses'), { code: LINK_LOCAL_CODE }), '')
      else if (all) answer(null, [...addresses])
      else answer(null, first.address, first.family)
    })
  }
}

export type OwnConnectionsOptions = {
  /** Certificates to trust besides those of the system, as PEM. */
  readonly ca?: string | null
  readonly resolve?: Resolve
}

/** Connections of one user to one server, which end with it. */
export class OwnConnections {
  #agent: Promise<library.Agent> | null = null

  async fetch(url: string, init: RequestInit, options: OwnConnectionsOptions = {}): Promise<Response> {
    this.#agent ??= this.#open(options)
    const dispatcher = await this.#agent
    return outgoingFetch(url, init, dispatcher)
  }

  async #open({ ca = null, resolve = resolveAll }: OwnConnectionsOptions): Promise<library.Agent> {
    const { Agent } = await load()
    const trusted = ca === null ? {} : { ca: [...(await import('node:tls')).rootCertificates, ca] }
    return new Agent({ connections: 1, connect: { lookup: lookupWith(resolve), ...trusted } })
  }

  /** The next request opens new ones. */
  async close(): Promise<void> {
    const agent = this.#agent
    this.#agent = null
    await (await agent)?.destroy()
  }
}
