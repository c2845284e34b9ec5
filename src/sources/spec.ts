// Parses `--source` and the settings that name sources: a file, a status stream, or another server's board.

export type SourceSpec =
  | { readonly kind: 'file'; readonly path: string }
  /** The URL of the stream. */
  | { readonly kind: 'status'; readonly url: string }
  /** The server's base URL, or the URL of its stream. */
  | { readonly kind: 'board'; readonly url: string }

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`"${text}" is not a URL; allowed: http://… or https://…`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error(
      `the URL of ${url.host} has a user name or password, which would end up in logs; for a status stream set G6_HTTP_BASIC_USER and G6_HTTP_BASIC_PASS (or G6_HTTP_BASIC_PASS_FILE), for a token G6_PANELS_SSE_TOKEN`,
    )
  }
  return url
}

/** A server's base URL means its status stream. */
function statusUrl(text: string): string {
  const url = httpUrl(text)
  if (url.pathname === '/') url.pathname = '/events'
  return url.href
}

/** Throws an Error that names what is wrong and what is allowed. */
export function parseSourceSpec(text: string): SourceSpec {
  const [, word, rest = ''] = /^(file|status|board):(.*)$/s.exec(text) ?? []
  if (word !== undefined && rest === '') throw new Error(`"${text}" names nothing after "${word}:"`)
  if (word === 'file') return { kind: 'file', path: rest }
  if (word === 'status') return { kind: 'status', url: statusUrl(rest) }
  if (word === 'board') return { kind: 'board', url: httpUrl(rest).href }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (text === '') throw new Error('a source must not be empty')
    return { kind: 'file', path: text }
  }
  const { pathname } = httpUrl(text)
  const isStatus = pathname.endsWith('/events') && !pathname.endsWith('/summary/events')
  return { kind: isStatus ? 'status' : 'board', url: text }
}

/** Throws when a board is combined with another source: it is served unchanged. */
export function checkSourceSpecs(specs: readonly SourceSpec[]): readonly SourceSpec[] {
  if (specs.length > 1 && specs.some(({ kind }) => kind === 'board')) {
    throw new Error(
      'a board is served unchanged: --source board:… (or a server’s base URL) must be the only source',
    )
  }
  return specs
}

/** The sources without `--source`: the streams that the settings name, else the file. */
export function settingSpecs(config: {
  readonly panelsSseUrl: readonly string[]
  readonly summaryStatusFile: string
}): readonly SourceSpec[] {
  if (config.panelsSseUrl.length === 0) return [{ kind: 'file', path: config.summaryStatusFile }]
  return config.panelsSseUrl.map(url => ({ kind: 'status', url: statusUrl(url) }))
}
