// The page: follows the board of the server it came from, and draws it.
import { render } from 'preact'
import { startAlerts } from './alerts/announce.js'
import { App } from './app.jsx'
import { startHistory } from './history/keep.js'
import { startKeys } from './keys/listen.js'
import { PAGE_KEYS } from './keys/page-keys.js'
import { start } from './model.js'
import { startTheme } from './state/theme.js'
import './style/page.css'

const root = document.getElementById('page')
if (root === null) throw new Error('the document has no element "page"')
startTheme(document.documentElement)
start()
startHistory()
startAlerts()
startKeys(PAGE_KEYS)
render(<App />, root)
