// Parses `--source` and the settings that name sources.
import { HTTP_DEFAULTS, SOURCE_NAME, SOURCE_NAME_RULE, type SourceSpec, STDIN_KEEP } from './declared.js'
import { urlFault } from './url.js'

const FOR_STREAMS =
  'for a status stream set G6_HTTP_BASIC_USER and G6_HTTP_BASIC_PASS (or G6_HTTP_BASIC_PASS_FILE), for a token G6_PANELS_SSE_TOKEN'
const FOR_DOCUMENTS = 'name them in a board file: basic = { user, password = { env or file } }'

function httpUrl(text: string, instead: string = FOR_STREAMS): URL {
  const fault = urlFault(text, instead)
  if (fault !== null) throw new Error(fault)
  return new URL(text)
}

/** A server's base URL means its status stream. */
function statusUrl(text: string): string {
  const url = httpUrl(text)
  if (url.pathname === '/') url.pathname = '/events'
  return url.href
}

/** Throws an Error that names what is wrong and what is allowed. */
export function parseSourceSpec(text: string): SourceSpec {
  // The name ends before any `:`, `/` or `.`, so `http://h/?a=b` has none.
  const [, name, unnamed = ''] = /^([a-z][a-z0-9_-]*)=(.*)$/s.exec(text) ?? []
  if (name === undefined) return unnamedSpec(text)
  if (!SOURCE_NAME.test(name))
    throw new Error(`"${name}" is no name of a source; allowed: ${SOURCE_NAME_RULE}`)
  if (unnamed === '') throw new Error(`"${text}" names nothing after "${name}="`)
  return { ...unnamedSpec(unnamed), name }
}

function unnamedSpec(text: string): SourceSpec {
  const [, word, rest = ''] = /^(file|status|board|json|stdin|push|replay):(.*)$/s.exec(text) ?? []
  if (word === undefined) return bareSpec(text)
  if (rest === '' && word !== 'stdin') throw new Error(`"${text}" names nothing after "${word}:"`)
  switch (word) {
    case 'file':
      return { kind: 'file', path: rest }
    case 'status':
      return { kind: 'status', url: statusUrl(rest) }
    case 'board':
      return { kind: 'board', url: httpUrl(rest).href }
    case 'json':
      return { kind: 'http', url: httpUrl(rest, FOR_DOCUMENTS).href, method: 'GET', ...HTTP_DEFAULTS }
    case 'stdin':
      if (rest === '') return { kind: 'stdin', form: 'any', keep: STDIN_KEEP }
      if (rest === 'lines' || rest === 'json') return { kind: 'stdin', form: rest, keep: STDIN_KEEP }
      throw new Error(`"${text}" is no form of standard input; allowed: stdin:, stdin:lines and stdin:json`)
    case 'push':
      if (SOURCE_NAME.test(rest)) return { kind: 'push', target: rest }
      throw new Error(`"${text}" cannot be pushed to; allowed after push: is ${SOURCE_NAME_RULE}`)
    default:
      return { kind: 'replay', path: rest, speed: 1, loop: false }
  }
}

/** A path, or the URL of a server or of its stream. */
function bareSpec(text: string): SourceSpec {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (text === '') throw new Error('a source must not be empty')
    return { kind: 'file', path: text }
  }
  const { pathname } = httpUrl(text)
  const isStatus = pathname.endsWith('/events') && !pathname.endsWith('/summary/events')
  return { kind: isStatus ? 'status' : 'board', url: text }
}

function twice(texts: readonly string[]): string | undefined {
  return texts.find((text, i) => texts.indexOf(text) !== i)
}

/** Throws when the sources cannot be read together. */
export function checkSourceSpecs(specs: readonly SourceSpec[]): readonly SourceSpec[] {
  const isMore = specs.length > 1 || specs.some(({ name }) => name !== undefined)
  if (isMore && specs.some(({ kind }) => kind === 'board')) {
    throw new Error(
      'a board is served unchanged: --source board:… (or a server’s base URL) must be the only source, without a name',
    )
  }
  const name = twice(specs.flatMap(({ name = [] }) => name))
  if (name !== undefined) throw new Error(`two sources have the name ${name}; give each its own`)
  const target = twice(specs.flatMap(spec => (spec.kind === 'push' ? spec.target : [])))
  if (target !== undefined) throw new Error(`two sources are pushed to /push/${target}; give each its own`)
  if (specs.filter(({ kind }) => kind === 'stdin').length > 1)
    throw new Error('there is one standard input; give stdin: once')
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
