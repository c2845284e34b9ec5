// The hand-written pages as data: code blocks, inline code, links and the anchors of their headings.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Block = { readonly info: string; readonly lines: readonly string[] }
export type Page = {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** Inline code, without that of blocks; `\|` of tables is `|`. */
  readonly spans: readonly string[]
  /** Targets of links, without those in code. */
  readonly links: readonly string[]
  readonly headings: readonly string[]
}

const FENCE = /^```(.*)$/

export function pageOf(path: string, text: string): Page {
  const blocks: { info: string; lines: string[] }[] = []
  const prose: string[] = []
  let open: { info: string; lines: string[] } | null = null
  for (const line of text.split('\n')) {
    const fence = FENCE.exec(line)
    if (fence === null) (open === null ? prose : open.lines).push(line)
    else if (open === null) open = { info: fence[1] ?? '', lines: [] }
    else {
      blocks.push(open)
      open = null
    }
  }
  const spans: string[] = []
  const plain = prose
    .join('\n')
    .replace(/(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g, (_, _ticks: string, code: string) => {
      spans.push(code.replaceAll('\\|', '|').replaceAll('\n', ' ').trim())
      return 'code'
    })
  return {
    path,
    text,
    blocks,
    spans,
    links: [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? ''),
    headings: prose.flatMap(line => /^#{1,6}\s+(.*)$/.exec(line)?.[1] ?? []),
  }
}

/** As GitHub makes it of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** README, CONTRIBUTING and every page under docs, the generated ones too. */
export function allPages(root: string): readonly Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const paths = ['README.md', 'CONTRIBUTING.md', ...docs.filter(f => f.endsWith('.md')).map(f => `docs/${f}`)]
  return paths.map(path => pageOf(path, readFileSync(join(root, path), 'utf8')))
}
