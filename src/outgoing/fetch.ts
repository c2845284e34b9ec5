// Requests of this program to other servers: `fetch` of the library in the lock file, not of whichever Node runs it. The library
// is loaded with the first request, so a server that follows nobody does without it.
import type * as library from 'undici'

let loading: Promise<typeof library> | undefined

export async function outgoingFetch(url: string, init: RequestInit = {}): Promise<Response> {
  loading ??= import('undici')
  const { fetch } = await loading
  // The border: the library and Node declare the same standard twice.
  return (await fetch(url, init as unknown as library.RequestInit)) as unknown as Response
}
