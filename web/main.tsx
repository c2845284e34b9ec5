// The page: follows and draws the board of its server.
import { render } from 'preact'
import { startAlerts } from './alerts/announce.js'
import { App } from './app.jsx'
import { startAttention } from './cards/attention.js'
import { startSpells } from './hero/state.js'
import { startHistory } from './history/keep.js'
import { startKeys } from './keys/listen.js'
import { PAGE_KEYS } from './keys/page-keys.js'
import { board, start } from './model.js'
import { startTheme } from './state/theme.js'
import './style/page.css'

/** How long the page waits for the first board before it is drawn without one. */
const FIRST_BOARD_MS = 150

const root = document.getElementById('page')
if (root === null) throw new Error('the document has no element "page"')
startTheme(document.documentElement)
start()
startHistory()
startSpells()
startAlerts()
startKeys(PAGE_KEYS)
startAttention()

// Drawing once with the first board is faster than drawing an empty page first.
function draw(found: HTMLElement): void {
  clearTimeout(late)
  unwatch()
  render(<App />, found)
}
const late = setTimeout(draw, FIRST_BOARD_MS, root)
const unwatch = board.subscribe(first => {
  if (first !== null) draw(root)
})
