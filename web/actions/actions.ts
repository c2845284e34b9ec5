// The actions of the page: copy a panel, download the board, pause, open the raw stream.
import { refusalOf } from '../../client/body.js'
import { board, panel, paused } from '../model.js'
import { token } from '../state/access.js'
import { announce } from '../state/announce.js'
import { addressOf } from '../state/base.js'
import { documentIn } from '../state/document.js'
import { boardDocument, fileName, panelText } from './texts.js'

export const STREAM = addressOf('summary/events')
const TICKET = addressOf('summary/ticket')

export function togglePause(): void {
  paused.value = !paused.peek()
  announce(paused.peek() ? 'Paused' : 'Resumed')
}

export function downloadBoard(): void {
  const shown = board.peek()
  if (shown === null) {
    announce('There is no board to download yet')
    return
  }
  const url = URL.createObjectURL(new Blob([boardDocument(shown)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName(shown)
  link.click()
  URL.revokeObjectURL(url)
  announce(`Downloaded ${fileName(shown)}`)
}

/** The clipboard API needs https or localhost; copying a selection does not. */
function copySelected(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'hidden-text'
  const before = document.activeElement
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return isCopied
}

async function copied(text: string): Promise<boolean> {
  if (!('clipboard' in navigator)) return copySelected(text)
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text) // not allowed here
  }
}

/** Returns whether the clipboard has the text. */
export async function copyPanel(key: string): Promise<boolean> {
  const shown = panel(key).peek()
  const isCopied = shown !== null && (await copied(panelText(shown)))
  announce(isCopied ? `Copied ${shown.title}` : 'The browser does not let this page copy')
  return isCopied
}

/** Opens a new tab. With a token, it gets a ticket for one stream, because a URL must not have the token. */
export async function openRawStream(): Promise<void> {
  const key = token.peek()
  if (key === null) {
    window.open(STREAM, '_blank', 'noopener')
    return
  }
  try {
    const answer = await fetch(TICKET, { method: 'POST', headers: { 'X-API-Token': key } })
    if (!answer.ok) throw new Error((await refusalOf(answer)).detail ?? `HTTP ${answer.status}`)
    const { ticket } = (await documentIn(answer)) as { readonly ticket?: unknown }
    window.open(`${STREAM}?ticket=${encodeURIComponent(String(ticket))}`, '_blank', 'noopener')
  } catch (error) {
    announce(`The stream cannot be opened: ${error instanceof Error ? error.message : 'no ticket'}`)
  }
}
