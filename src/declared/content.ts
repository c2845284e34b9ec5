// What fields and tables of a declared panel share.
import type { Facts } from '../panels/facts.js'
import type { Block, Cell } from '../panels/panel.js'

/** Blocks of a panel with its facts. */
export type PanelContent = { readonly blocks: readonly Block[]; readonly facts?: Facts }

export function isBad({ tone }: Cell): boolean {
  return tone === 'error' || tone === 'warn'
}
