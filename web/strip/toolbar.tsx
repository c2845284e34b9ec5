// The actions on the page as a whole.
import { BoardActions } from '../actions/buttons.jsx'
import { resetArrangement } from '../cards/arrange.js'
import { Icon, type IconName } from '../cards/icons.jsx'
import { openKeys } from '../keys/help.jsx'
import { panelKeys } from '../model.js'
import { token } from '../state/access.js'
import { announce } from '../state/announce.js'
import { cardOrder, foldedCards, pinnedCards } from '../state/arrangement.js'
import { query } from '../state/query.js'
import { nextTheme, type Theme, theme } from '../state/theme.js'
import { signOut } from './sign-in.jsx'

const ICONS: Readonly<Record<Theme, IconName>> = { system: 'auto', light: 'sun', dark: 'moon' }

export function changeTheme(): void {
  theme.value = nextTheme(theme.value)
  announce(`Theme: ${theme.value}`)
}

export function Toolbar() {
  if (query.kiosk) return null
  const isArranged = [cardOrder, pinnedCards, foldedCards].some(list => list.value.length > 0)
  return (
    <div class="toolbar" role="toolbar" aria-label="Page">
      {panelKeys.value.length === 0 ? null : <BoardActions />}
      {isArranged ? (
        <button type="button" class="button" onClick={resetArrangement}>
          Reset cards
        </button>
      ) : null}
      {token.value === null ? null : (
        <button type="button" class="button" onClick={signOut}>
          Sign out
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={`Theme: ${theme.value}`}
        title={`Theme: ${theme.value}`}
        onClick={changeTheme}
      >
        <Icon name={ICONS[theme.value]} />
      </button>
      <button type="button" class="icon-button" aria-label="Keys" title="Keys (?)" onClick={openKeys}>
        <Icon name="keys" />
      </button>
    </div>
  )
}
