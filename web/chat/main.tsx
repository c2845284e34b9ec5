// The chat page: asks, shows the answer as it comes, stops it, and goes on with it after a reload.
import { render } from 'preact'
import { startTheme } from '../state/theme.js'
import { App } from './app.jsx'
import { focusComposer } from './parts/composer-field.js'
import { startFollowing } from './parts/follow.js'
import { startViewport } from './parts/viewport.js'
import {
  keepNow,
  keptScroll,
  refreshService,
  restore,
  running,
  startClock,
  stop,
  tryNow,
} from './state/chat.js'
import './style.css'

const root = document.getElementById('page')
if (root === null) throw new Error('the document has no element "page"')

startTheme(document.documentElement)
startViewport()
startClock()
restore()
render(<App />, root)

history.scrollRestoration = 'manual'
scrollTo({ top: keptScroll() })
startFollowing()
addEventListener('pagehide', () => keepNow(globalThis.scrollY))
document.addEventListener('visibilitychange', () => {
  if (document.hidden) keepNow(globalThis.scrollY)
  else tryNow()
})
addEventListener('online', tryNow)
document.addEventListener('keydown', event => {
  // An open menu takes its own Escape.
  if (
    event.key !== 'Escape' ||
    event.isComposing ||
    document.querySelector('[popover]:popover-open') !== null
  )
    return
  if (running.value === null) return
  void stop()
  focusComposer()
})
refreshService()
