// The page: follows and draws the board of its server.
import { computed } from '@preact/signals'
import { render } from 'preact'
import { startAlerts } from './alerts/announce.js'
import { App } from './app.jsx'
import { startAttention } from './cards/attention.js'
import { startSpells } from './hero/state.js'
import { isPastKnown, startHistory } from './history/keep.js'
import { startKeys } from './keys/listen.js'
import { PAGE_KEYS } from './keys/page-keys.js'
import { board, start } from './model.js'
import { startTheme } from './state/theme.js'
import './style/page.css'

/** How long the page waits for the first board and its past before it is drawn without them. */
const FIRST_DRAWING_MS = 150

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
const late = setTimeout(draw, FIRST_DRAWING_MS, root)
const isReady = computed(() => board.value !== null && isPastKnown.value)
const unwatch = isReady.subscribe(is => {
  if (is) draw(root)
})
