// Blocks → elements: `createElement` and text, nothing else. A block that has not changed is not drawn again.
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { CopyButton } from '../parts/copy-button.jsx'
import type { Block, Inline } from './blocks.js'

/** How the sources of an answer are reached: their number, and the id of the chip of each. */
export type Numbers = { readonly count: number; readonly idOf: (number: number) => string }

/** What stands at the end of the last line, drawn by the style: a cursor, or that the text is not whole. */
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

function SourceNumber({ number, numbers }: { readonly number: number; readonly numbers: Numbers }) {
  if (number < 1 || number > numbers.count) return <>{`[${number}]`}</>
  const id = numbers.idOf(number)
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

function InlineNode({ node, numbers }: { readonly node: Inline; readonly numbers: Numbers }) {
  if (typeof node === 'string') return <>{node}</>
  switch (node.kind) {
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.children} numbers={numbers} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines nodes={node.children} numbers={numbers} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inlines nodes={node.children} numbers={numbers} />
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
          <Inlines nodes={node.children} numbers={numbers} />
        </HostLink>
      )
    case 'image':
      return (
        <HostLink href={node.href} host={node.host}>
          Image: {node.alt === '' ? 'without a name' : node.alt}
        </HostLink>
      )
    case 'number':
      return <SourceNumber number={node.number} numbers={numbers} />
  }
}

const Inlines = ({ nodes, numbers }: { readonly nodes: readonly Inline[]; readonly numbers: Numbers }) => (
  <>
    {each(nodes, node => (
      <InlineNode node={node} numbers={numbers} />
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
  numbers,
  tail,
}: {
  readonly block: Extract<Block, { kind: 'table' }>
  readonly numbers: Numbers
  readonly tail: Tail
}) {
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
      <table>
        <thead>
          <tr>
            {each(head, (nodes, i) => (
              <th dir="auto" scope="col" {...cell(head, i)}>
                <Inlines nodes={nodes} numbers={numbers} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {each(rows, row => (
            <tr>
              {each(row, (nodes, i) => (
                <td dir="auto" {...cell(row, i)}>
                  <Inlines nodes={nodes} numbers={numbers} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

type BlockProps = { readonly block: Block; readonly numbers: Numbers; readonly tail: Tail }

function BlockNode({ block, numbers, tail }: BlockProps) {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p dir="auto" data-tail={tail}>
          <Inlines nodes={block.children} numbers={numbers} />
        </p>
      )
    case 'heading': {
      const Heading = `h${block.level}` as const
      return (
        <Heading dir="auto" data-tail={tail}>
          <Inlines nodes={block.children} numbers={numbers} />
        </Heading>
      )
    }
    case 'code':
      return <Code language={block.language} text={block.text} tail={tail} />
    case 'quote':
      return (
        <blockquote dir="auto">
          <Blocks blocks={block.blocks} numbers={numbers} tail={tail} />
        </blockquote>
      )
    case 'list': {
      const items = each(block.items, (blocks, i) => (
        <li dir="auto">
          <Blocks blocks={blocks} numbers={numbers} tail={i === block.items.length - 1 ? tail : null} />
        </li>
      ))
      return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>
    }
    case 'table':
      return <Table block={block} numbers={numbers} tail={tail} />
    case 'rule':
      return <hr />
    case 'plain':
      return (
        <div class="plain" dir="auto" data-tail={tail}>
          {block.text}
        </div>
      )
  }
}

const Blocks = ({
  blocks,
  numbers,
  tail,
}: {
  readonly blocks: readonly Block[]
  readonly numbers: Numbers
  readonly tail: Tail
}) => (
  <>
    {each(blocks, (block, i) => (
      <BlockNode block={block} numbers={numbers} tail={i === blocks.length - 1 ? tail : null} />
    ))}
  </>
)

/** A block of an answer. */
export function TopBlock({ block, numbers, tail }: BlockProps) {
  // The same element again is not compared, so an answer's settled blocks cost nothing.
  return useMemo(() => <BlockNode block={block} numbers={numbers} tail={tail} />, [block, numbers, tail])
}
