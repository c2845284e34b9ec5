// Markdown pages as data: code blocks, inline code, links and the anchors of their headings.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
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

/** As GitHub makes it from a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** Every Markdown file of the checkout, new ones and generated ones too. */
export function allPages(root: string): readonly Page[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '*.md']
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(path => path !== '' && existsSync(join(root, path)))
    .map(path => pageOf(path, readFileSync(join(root, path), 'utf8')))
}
