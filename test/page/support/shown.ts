// The visible content of the page as data, to compare it with the server's.
import type { Page } from 'playwright-core'

export type ShownBlock =
  | { readonly kind: 'fields'; readonly items: readonly (readonly [label: string, text: string])[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | { readonly kind: 'text'; readonly text: string }

export type ShownCard = {
  readonly key: string
  readonly title: string
  readonly tone: string
  readonly blocks: readonly ShownBlock[]
}

/** Every card in document order. Read in the page; texts as they stand in the document. */
export function shownCards(page: Page): Promise<readonly ShownCard[]> {
  return page.evaluate(() => {
    const texts = (root: Element, selector: string): string[] =>
      [...root.querySelectorAll(selector)].map(each => each.textContent ?? '')
    return [...document.querySelectorAll<HTMLElement>('[data-panel]')].map(card => ({
      key: card.dataset.panel ?? '',
      title: card.querySelector('h2')?.textContent ?? '',
      tone: card.dataset.tone ?? '',
      blocks: [...card.querySelectorAll('.content > *')].map(block => {
        if (block.matches('dl')) {
          const items = [...block.querySelectorAll('div')].map(
            each => [texts(each, 'dt').join(), texts(each, 'dd').join()] as const,
          )
          return { kind: 'fields' as const, items }
        }
        if (block.matches('p')) return { kind: 'text' as const, text: block.textContent ?? '' }
        return {
          kind: 'table' as const,
          columns: texts(block, 'thead th'),
          rows: [...block.querySelectorAll('tbody tr')].map(row => texts(row, 'th, td')),
        }
      }),
    }))
  })
}

type Json = Readonly<Record<string, unknown>>

/** The panels of `/summary/resync?view=blocks` in the same form; a table without rows is not drawn. */
export async function serverCards(url: string): Promise<readonly ShownCard[]> {
  const { panels } = (await (await fetch(`${url}/summary/resync?view=blocks`)).json()) as {
    panels: Record<string, { title: string; tone: string; blocks: readonly Json[] }>
  }
  return Object.entries(panels).map(([key, { title, tone, blocks }]) => ({
    key,
    title,
    tone,
    blocks: blocks.flatMap((block): readonly ShownBlock[] => {
      if (block.kind === 'text') return [{ kind: 'text', text: block.text as string }]
      if (block.kind === 'fields') {
        const items = block.items as readonly { label: string; text: string }[]
        return [{ kind: 'fields', items: items.map(({ label, text }) => [label, text] as const) }]
      }
      const columns = (block.columns as readonly { label: string }[]).map(({ label }) => label)
      const rows = (block.rows as readonly (readonly { text: string }[])[]).map(row =>
        row.map(({ text }) => text),
      )
      return rows.length === 0 ? [] : [{ kind: 'table', columns, rows }]
    }),
  }))
}
