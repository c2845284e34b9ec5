// The page: follows the board of the server it came from, and draws it.
import { render } from 'preact'
import { App } from './app.jsx'
import { start } from './model.js'
import { startTheme } from './state/theme.js'
import './style/page.css'

const root = document.getElementById('page')
if (root === null) throw new Error('the document has no element "page"')
startTheme(document.documentElement)
start()
render(<App />, root)
