// Blocks → elements: `createElement` and text, nothing else. A block that has not changed is not drawn again.
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { CopyButton } from '../parts/copy-button.jsx'
import type { Block, Inline } from './blocks.js'

/** What the blocks of an answer need of all of it. */
export type Whole = {
  /** How many sources there are, and the id of the chip of each. */
  readonly sources: number
  readonly idOf: (number: number) => string
  /** The levels of its headings, rising: they become h3, h4, …, so that none is left out. */
  readonly levels: string
}

/** What is at the end of the last line, drawn by the style: a cursor, or that the text is not whole. */
export type Tail = 'busy' | 'torn' | null

/** Elements whose place is their key, as Preact has it without keys: an answer grows at its end. */
export function each<T>(
  items: readonly T[],
  draw: (item: T, at: number) => ComponentChildren,
): ComponentChildren {
  return items.map(draw)
}

/** Wide content scrolls by itself, so the arrow keys must reach it. */
const SCROLLS = { tabIndex: 0 } as const

const LINK = { rel: 'noopener noreferrer nofollow ugc', target: '_blank' } as const

/** Marks that change the direction of text, which could show code as other than it is. */
const DIRECTION_MARK = /([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/u

function CodeText({ text }: { readonly text: string }) {
  const parts = text.split(DIRECTION_MARK)
  if (parts.length === 1) return <>{text}</>
  return (
    <>
      {each(parts, (part, i) =>
        i % 2 === 0 ? (
          part
        ) : (
          <span class="direction-mark">
            {`U+${part.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`}
          </span>
        ),
      )}
    </>
  )
}

const HostLink = (props: {
  readonly href: string
  readonly host: string
  readonly children: ComponentChildren
}) => (
  <a href={props.href} {...LINK}>
    <bdi>{props.children}</bdi> <span class="host">({props.host})</span>
  </a>
)

function SourceNumber({ number, whole }: { readonly number: number; readonly whole: Whole }) {
  if (number < 1 || number > whole.sources) return <>{`[${number}]`}</>
  const id = whole.idOf(number)
  return (
    <>
      {'\u2060'}
      <a
        class="ref"
        href={`#${id}`}
        aria-label={`Source ${number}`}
        onClick={event => {
          event.preventDefault()
          document.getElementById(id)?.focus()
        }}
      >
        {number}
      </a>
    </>
  )
}

function InlineNode({ node, whole }: { readonly node: Inline; readonly whole: Whole }) {
  if (typeof node === 'string') return <>{node}</>
  switch (node.kind) {
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.children} whole={whole} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines nodes={node.children} whole={whole} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inlines nodes={node.children} whole={whole} />
        </del>
      )
    case 'code':
      return (
        <code dir="ltr">
          <CodeText text={node.text} />
        </code>
      )
    case 'break':
      return <br />
    case 'link':
      return (
        <HostLink href={node.href} host={node.host}>
          <Inlines nodes={node.children} whole={whole} />
        </HostLink>
      )
    case 'image':
      return (
        <HostLink href={node.href} host={node.host}>
          Image: {node.alt === '' ? 'without a name' : node.alt}
        </HostLink>
      )
    case 'number':
      return <SourceNumber number={node.number} whole={whole} />
  }
}

const Inlines = ({ nodes, whole }: { readonly nodes: readonly Inline[]; readonly whole: Whole }) => (
  <>
    {each(nodes, node => (
      <InlineNode node={node} whole={whole} />
    ))}
  </>
)

function Code({
  language,
  text,
  tail,
}: {
  readonly language: string
  readonly text: string
  readonly tail: Tail
}) {
  const name = language === '' ? 'Code' : `Code, ${language}`
  return (
    <figure class="code" dir="ltr">
      <figcaption>
        {language}
        <CopyButton text={() => text} label={language === '' ? 'Copy code' : `Copy code, ${language}`} />
      </figcaption>
      <section class="scroll" {...SCROLLS} aria-label={name}>
        <pre>
          <code data-tail={tail}>
            <CodeText text={text} />
          </code>
        </pre>
      </section>
    </figure>
  )
}

function Table({
  block,
  whole,
  tail,
  dir,
}: BlockProps & { readonly block: Extract<Block, { kind: 'table' }> }) {
  const { align, head, rows } = block
  const lastRow = rows.at(-1) ?? head
  const lastCell = Math.max(
    0,
    lastRow.findLastIndex(cell => cell.length > 0),
  )
  const cell = (row: readonly (readonly Inline[])[], i: number) => ({
    'data-align': align[i] ?? undefined,
    'data-tail': row === lastRow && i === lastCell ? tail : null,
  })
  return (
    <section class="scroll" {...SCROLLS} aria-label="Table">
      <table dir={dir}>
        <thead>
          <tr>
            {each(head, (nodes, i) => (
              <th scope="col" {...cell(head, i)}>
                <Inlines nodes={nodes} whole={whole} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {each(rows, row => (
            <tr>
              {each(row, (nodes, i) => (
                <td {...cell(row, i)}>
                  <Inlines nodes={nodes} whole={whole} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const HEADINGS = ['h3', 'h4', 'h5', 'h6'] as const

/** The levels of the headings among these blocks, rising. */
export function levelsOf(blocks: readonly Block[]): string {
  const levels = blocks.flatMap(block => (block.kind === 'heading' ? [block.level] : []))
  return [...new Set(levels)].sort().join('')
}

type BlockProps = {
  readonly block: Block
  readonly whole: Whole
  readonly tail: Tail
  /** Of a block at the top: the first letter in it decides. What is inside has no own one, or it would not be seen for that. */
  readonly dir?: 'auto' | undefined
}

function BlockNode({ block, whole, tail, dir }: BlockProps) {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p dir={dir} data-tail={tail}>
          <Inlines nodes={block.children} whole={whole} />
        </p>
      )
    case 'heading': {
      const Heading = HEADINGS[whole.levels.indexOf(String(block.level))] ?? 'h6'
      return (
        <Heading dir={dir} data-tail={tail}>
          <Inlines nodes={block.children} whole={whole} />
        </Heading>
      )
    }
    case 'code':
      return <Code language={block.language} text={block.text} tail={tail} />
    case 'quote':
      return (
        <blockquote dir={dir}>
          <Blocks blocks={block.blocks} whole={whole} tail={tail} />
        </blockquote>
      )
    case 'list': {
      const items = each(block.items, (blocks, i) => (
        <li>
          <Blocks blocks={blocks} whole={whole} tail={i === block.items.length - 1 ? tail : null} />
        </li>
      ))
      return block.start === null ? (
        <ul dir={dir}>{items}</ul>
      ) : (
        <ol dir={dir} start={block.start}>
          {items}
        </ol>
      )
    }
    case 'table':
      return <Table block={block} whole={whole} tail={tail} dir={dir} />
    case 'rule':
      return <hr />
    case 'plain':
      return (
        <div class="plain" dir={dir} data-tail={tail}>
          {block.text}
        </div>
      )
  }
}

const Blocks = ({
  blocks,
  whole,
  tail,
}: {
  readonly blocks: readonly Block[]
  readonly whole: Whole
  readonly tail: Tail
}) => (
  <>
    {each(blocks, (block, i) => (
      <BlockNode block={block} whole={whole} tail={i === blocks.length - 1 ? tail : null} />
    ))}
  </>
)

/** A block of an answer. */
export function TopBlock({ block, whole, tail }: BlockProps) {
  // The same element again is not compared, so an answer's settled blocks cost nothing.
  return useMemo(() => <BlockNode block={block} whole={whole} tail={tail} dir="auto" />, [block, whole, tail])
}
