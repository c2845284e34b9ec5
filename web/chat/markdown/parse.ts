// One Markdown text → blocks. The parser (markdown-it) gives tokens; this reads them, and nothing of it becomes HTML.
//
// Everything is bounded: an answer is untrusted. Over a bound nothing of it is formatted. The parser's costs grow with the square
// of some inputs (runs of `*`, of link definitions), so it also has a time, checked at every block and every inline token; one
// paragraph's emphasis is paired at once, so a paragraph has a length.
import MarkdownIt, { type Token } from 'markdown-it'
import type { Align, Block, Inline } from './blocks.js'
import { webLink } from './links.js'

export const MAX_TEXT = 2 ** 20
export const MAX_NESTING = 16
export const MAX_BLOCKS = 5_000
export const MAX_COLUMNS = 50
/** Of the text of one paragraph, heading or cell. */
export const MAX_INLINE = 2 ** 15
const MAX_MS = 1_500
/** A block has at most five tokens; over this there are too many blocks, and the parser need not go on. */
const MAX_TOKENS = 5 * MAX_BLOCKS + 5
/** The parser's levels: a list and its item are two. Deeper text is left out there, so it must be more than what is shown. */
const PARSER_NESTING = 3 * MAX_NESTING

/** It is over a bound. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/** What the parser keeps between two parses of one answer: its link definitions. */
export type Memory = Record<string, unknown>
export type TopBlock = { readonly block: Block; readonly firstLine: number; readonly endLine: number }
export type Parse = (text: string, memory: Memory) => readonly TopBlock[]

/** `nowMs` is monotonic. */
export function createParser(nowMs: () => number): Parse {
  let deadlineMs = 0
  const inTime = (): false => {
    if (nowMs() > deadlineMs) throw new TooLarge()
    return false
  }
  const parser = new MarkdownIt({ maxNesting: PARSER_NESTING })
  parser.validateLink = address => webLink(address) !== null
  parser.normalizeLink = address => address
  parser.normalizeLinkText = address => address
  parser.block.ruler.before(
    'table',
    'time',
    ({ tokens }) => {
      if (tokens.length > MAX_TOKENS) throw new TooLarge()
      return inTime()
    },
    // Also asked at each line inside these, whether it ends them.
    { alt: ['paragraph', 'reference', 'blockquote', 'list'] },
  )
  parser.inline.ruler.before('text', 'time', inTime)
  parser.core.ruler.before('inline', 'length', ({ tokens }) => {
    const isTooLong = tokens.some(({ type, content }) => type === 'inline' && content.length > MAX_INLINE)
    // A table of very many rows is one block of the parser.
    if (isTooLong || tokens.length > MAX_TOKENS) throw new TooLarge()
  })
  return (text, memory) => {
    if (text.length > MAX_TEXT) throw new TooLarge()
    deadlineMs = nowMs() + MAX_MS
    return new Reader(parser.parse(text, memory)).topBlocks()
  }
}

/** Reads the parser's tokens, which are a tree written as a list. */
class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #blocks = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  topBlocks(): readonly TopBlock[] {
    const found: TopBlock[] = []
    for (let token = this.#tokens[0]; token !== undefined; token = this.#tokens[this.#at]) {
      const [firstLine, endLine] = token.map ?? [0, 0]
      const block = this.#block()
      if (block !== null) found.push({ block, firstLine, endLine })
    }
    return found
  }

  #next(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Error('the parser’s tokens end inside a block')
    return token
  }

  #count(by = 1): void {
    this.#blocks += by
    if (this.#blocks > MAX_BLOCKS) throw new TooLarge()
  }

  /** Runs `read` until the token that closes this level, and takes that. */
  #until(close: string, read: () => void): void {
    if (++this.#depth > MAX_NESTING) throw new TooLarge()
    while (this.#tokens[this.#at]?.type !== close) read()
    this.#at++
    this.#depth--
  }

  #blocksUntil(close: string): readonly Block[] {
    const blocks: Block[] = []
    this.#until(close, () => {
      const block = this.#block()
      if (block !== null) blocks.push(block)
    })
    return blocks
  }

  #inlineUntil(close: string): readonly Inline[] {
    const found: Inline[] = []
    this.#until(close, () => {
      found.push(...inlineOf(this.#next().children ?? []))
    })
    return found
  }

  #block(): Block | null {
    this.#count()
    const token = this.#next()
    switch (token.type) {
      case 'paragraph_open':
        return { kind: 'paragraph', children: this.#inlineUntil('paragraph_close') }
      case 'heading_open': {
        // h1 and h2 are the page’s own.
        const level = Math.min(6, Number(token.tag.slice(1)) + 2)
        return {
          kind: 'heading',
          level: level === 3 || level === 4 || level === 5 ? level : 6,
          children: this.#inlineUntil('heading_close'),
        }
      }
      case 'bullet_list_open':
        return { kind: 'list', start: null, items: this.#items('bullet_list_close') }
      case 'ordered_list_open':
        return {
          kind: 'list',
          start: Number(token.attrGet('start') ?? 1),
          items: this.#items('ordered_list_close'),
        }
      case 'blockquote_open':
        return { kind: 'quote', blocks: this.#blocksUntil('blockquote_close') }
      case 'fence':
        return { kind: 'code', language: languageOf(token.info), text: withoutLineEnd(token.content) }
      case 'code_block':
        return { kind: 'code', language: '', text: withoutLineEnd(token.content) }
      case 'hr':
        return { kind: 'rule' }
      case 'table_open':
        return this.#table()
      default:
        // A block of another kind, which this parser has none of: its text, so that nothing is lost.
        return token.content === '' ? null : { kind: 'plain', text: token.content }
    }
  }

  #items(close: string): readonly (readonly Block[])[] {
    const items: (readonly Block[])[] = []
    while (this.#next().type === 'list_item_open') {
      this.#count()
      items.push(this.#blocksUntil('list_item_close'))
    }
    // The token just taken is the list’s own end.
    if (this.#tokens[this.#at - 1]?.type !== close) throw new Error('a list ends with another token')
    return items
  }

  #table(): Block {
    const rows: (readonly Inline[])[][] = []
    const align: Align[] = []
    let row: (readonly Inline[])[] = []
    for (let token = this.#next(); token.type !== 'table_close'; token = this.#next()) {
      if (token.type === 'tr_open') row = []
      else if (token.type === 'tr_close') rows.push(row)
      else if (token.type === 'th_open' || token.type === 'td_open') {
        this.#count()
        if (row.length >= MAX_COLUMNS) throw new TooLarge()
        if (token.type === 'th_open') align.push(alignOf(String(token.attrGet('style'))))
        row.push(inlineOf(this.#next().children ?? []))
      }
    }
    const [head = [], ...body] = rows
    return { kind: 'table', align, head, rows: body }
  }
}

function languageOf(info: string): string {
  return /^[\w+#.-]{1,32}/.exec(info.trim())?.[0] ?? ''
}

const withoutLineEnd = (text: string): string => text.replace(/\n$/, '')

function alignOf(style: string): Align {
  const word = style.replace('text-align:', '')
  return word === 'left' || word === 'center' || word === 'right' ? word : null
}

const NUMBER = /\[(\d{1,2})\]/

/** Text with its numbers in brackets apart. */
function* numbered(text: string): Generator<Inline> {
  for (const [i, part] of text.split(NUMBER).entries()) {
    if (i % 2 === 1) yield { kind: 'number', number: Number(part) }
    else if (part !== '') yield part
  }
}

const SPANS: Readonly<Record<string, 'strong' | 'em' | 'del'>> = { strong: 'strong', em: 'em', s: 'del' }

function inlineOf(tokens: readonly Token[]): readonly Inline[] {
  let at = 0
  const level = (depth: number): readonly Inline[] => {
    if (depth > MAX_NESTING) throw new TooLarge()
    const found: Inline[] = []
    for (let token = tokens[at++]; token !== undefined && token.nesting !== -1; token = tokens[at++]) {
      const span = SPANS[token.tag]
      if (token.type === 'text') found.push(...numbered(token.content))
      else if (token.type === 'softbreak') found.push('\n')
      else if (token.type === 'hardbreak') found.push({ kind: 'break' })
      else if (token.type === 'code_inline') found.push({ kind: 'code', text: token.content })
      else if (token.type === 'image') found.push(imageOf(token))
      else if (token.type === 'link_open') {
        const link = webLink(String(token.attrGet('href')))
        const children = level(depth + 1)
        if (link === null) found.push(...children)
        else found.push({ kind: 'link', ...link, children })
      } else if (token.nesting === 1 && span !== undefined) {
        found.push({ kind: span, children: level(depth + 1) })
      } else if (token.content !== '') found.push(token.content)
    }
    return found
  }
  return level(1)
}

function imageOf(token: Token): Inline {
  const alt = token.content
  const link = webLink(String(token.attrGet('src')))
  return link === null ? alt : { kind: 'image', ...link, alt }
}
