// The whole page.
import { Grid } from './cards/grid.jsx'
import { Hero } from './hero/hero.jsx'
import { KeysDialog } from './keys/help.jsx'
import { Plot } from './plots/plot.jsx'
import { announcement } from './state/announce.js'
import { query } from './state/query.js'
import { Notices } from './strip/notices.jsx'
import { SignIn } from './strip/sign-in.jsx'
import { Strip } from './strip/strip.jsx'

export function App() {
  return (
    <div class={query.kiosk ? 'page kiosk' : 'page'}>
      <Strip />
      <main aria-label="Board">
        <Notices />
        <SignIn />
        <Hero />
        <Plot />
        <Grid />
      </main>
      <KeysDialog />
      <p class="hidden-text" role="status" aria-label="Done">
        {announcement}
      </p>
    </div>
  )
}
