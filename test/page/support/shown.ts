// The visible content of the page as data, to compare it with the server's.
import type { Page } from 'playwright-core'
import { groupsOf } from '../../../src/display/groups.js'
import { shownCell, shownField } from '../../../src/display/shown.js'
import type { Block, Field } from '../../../src/panels/panel.js'
import { isSaid, loneCount } from '../../../web/cards/say.js'

export type ShownCard = {
  readonly key: string
  readonly title: string
  readonly tone: string
  /** `key: value` of each field, the cells of each row, texts, and what the head counts besides rows; in any order. */
  readonly content: readonly string[]
}

/** Every card in document order. Read in the page; texts as they stand in the document. */
export function shownCards(page: Page): Promise<readonly ShownCard[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-panel]')].map(card => {
      const all = <T>(selector: string, read: (element: Element) => T): T[] =>
        [...card.querySelectorAll(selector)].map(read)
      const textOf = (element: Element | null): string => element?.textContent ?? ''
      return {
        key: card.dataset.panel ?? '',
        title: textOf(card.querySelector('h2')),
        tone: card.dataset.tone ?? '',
        content: [
          ...all(
            '.fields > div',
            each => `${each.querySelector('dt')?.title}: ${textOf(each.querySelector('dd:last-child'))}`,
          ),
          ...all('tbody tr', row =>
            [...row.querySelectorAll('th, td:not(.trend-cell)')].map(textOf).join(' | '),
          ),
          ...all('.text', textOf),
          // Not `4 rows`, `1 of 4 not well`.
          ...all('.say', textOf)
            .flatMap(text => text.split(' · '))
            .filter(part => /^[\d,.]+ data /.test(part)),
        ].sort(),
      }
    }),
  )
}

const numberText = ({ number, unit }: { readonly number: string; readonly unit: string }): string =>
  unit === '' ? number : `${number} ${unit}`

function contentOf(key: string, block: Block, blocks: readonly Block[]): readonly string[] {
  const lone = loneCount({ blocks, everKnown: new Set() })
  const fields = (items: readonly Field[]): string[] =>
    items.map(item => {
      const shown = shownField(item, 'plain', key)
      return item === lone
        ? `${shown.number} ${shown.label.toLowerCase()}`
        : `${item.label}: ${numberText(shown)}`
    })
  if (block.kind === 'text') return [block.text]
  if (block.kind === 'fields') {
    return fields(block.items.filter(item => item.text !== '—' && !isSaid(item, blocks)))
  }
  const groups = groupsOf(block, key)
  if (groups !== null) return groups.flatMap(({ items }) => fields(items.map(({ field }) => field)))
  return block.rows.map(row =>
    row
      .map((cell, i) => numberText(shownCell(cell, block.columns[i] ?? { label: '' }, 'plain', key)))
      .join(' | '),
  )
}

/** The panels of `/summary/resync?view=blocks` in the same form. */
export async function serverCards(url: string): Promise<readonly ShownCard[]> {
  const { panels } = (await (await fetch(`${url}/summary/resync?view=blocks`)).json()) as {
    panels: Record<string, { title: string; tone: string; blocks: readonly Block[] }>
  }
  return Object.entries(panels).map(([key, { title, tone, blocks }]) => ({
    key,
    title,
    tone,
    content: blocks.flatMap(block => contentOf(key, block, blocks)).sort(),
  }))
}
