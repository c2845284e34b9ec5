// What an answer is made of: a description of nodes, never HTML.

export type Inline =
  | string
  | { readonly kind: 'strong' | 'em' | 'del'; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'break' }
  | {
      readonly kind: 'link'
      readonly href: string
      readonly host: string
      readonly children: readonly Inline[]
    }
  /** A picture that the answer names; it is never loaded. */
  | { readonly kind: 'image'; readonly href: string; readonly host: string; readonly alt: string }
  /** `[2]`: leads to that source where there is one. */
  | { readonly kind: 'number'; readonly number: number }

export type Align = 'left' | 'center' | 'right' | null

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: 3 | 4 | 5 | 6; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | {
      readonly kind: 'list'
      /** The first number; null: bullets. */
      readonly start: number | null
      readonly items: readonly (readonly Block[])[]
    }
  | {
      readonly kind: 'table'
      readonly align: readonly Align[]
      readonly head: readonly (readonly Inline[])[]
      readonly rows: readonly (readonly (readonly Inline[])[])[]
    }
  | { readonly kind: 'rule' }
  | { readonly kind: 'plain'; readonly text: string }

/** A block of an answer, and where its text ends there. */
export type Placed = { readonly block: Block; readonly end: number }

export type Formatted = {
  readonly blocks: readonly Placed[]
  /** Too large or too deep to format: one block of plain text. */
  readonly isPlain: boolean
}
