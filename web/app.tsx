// The whole page.
import { Grid } from './cards/grid.jsx'
import { KeysDialog } from './keys/help.jsx'
import { announcement } from './state/announce.js'
import { query } from './state/query.js'
import { isStale } from './state/staleness.js'
import { Footer } from './strip/footer.jsx'
import { Waiting } from './strip/notices.jsx'
import { SignIn } from './strip/sign-in.jsx'
import { Strip } from './strip/strip.jsx'

const BOARD_ID = 'board'

function SkipLink() {
  return (
    <a
      class="skip"
      href={`#${BOARD_ID}`}
      onClick={event => {
        event.preventDefault()
        document.getElementById(BOARD_ID)?.focus()
      }}
    >
      Skip to the board
    </a>
  )
}

export function App() {
  const names = ['page', query.kiosk && 'kiosk', isStale.value && 'stale']
  return (
    <div class={names.filter(Boolean).join(' ')}>
      {query.kiosk ? null : <SkipLink />}
      <Strip />
      <main id={BOARD_ID} tabIndex={-1} aria-label="Board">
        <Waiting />
        <SignIn />
        <Grid />
      </main>
      <Footer />
      <KeysDialog />
      <p class="hidden-text" role="status" aria-label="Done">
        {announcement}
      </p>
    </div>
  )
}
