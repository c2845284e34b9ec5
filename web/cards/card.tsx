// One panel as a card: mark, title, remark, content, and one menu of what can be done with it.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { copyPanel } from '../actions/actions.js'
import { AlertsBody, alertsRemark } from '../alerts/alerts-card.jsx'
import { alertItems } from '../alerts/menu.js'
import { Menu, type MenuItem } from '../menu/menu.jsx'
import { panel } from '../model.js'
import { pinnedCards } from '../state/arrangement.js'
import { clockText, numberFormat } from '../state/clock.js'
import type { ShownPanel } from '../state/panels.js'
import { query } from '../state/query.js'
import { isStale } from '../state/staleness.js'
import { withdrawn } from '../state/withdrawn.js'
import { focusCard, foldCard, isFolded, moveCardBy, pinCard } from './arrange.js'
import { Blocks } from './blocks.jsx'
import { drag, startDrag } from './drag.js'
import type { Place } from './packing.js'
import { keepRowSpan } from './row-spans.js'
import { remarkOf } from './say.js'

/** Alerts of a server that sends no facts are an ordinary panel. */
const isAlerts = (panelKey: string, { facts }: ShownPanel): boolean =>
  panelKey === 'alerts' && facts !== undefined

function actions(panelKey: string, isAlertsCard: boolean): readonly MenuItem[] {
  // The card keeps the focus when it moves.
  const moving = (by: number): void => {
    moveCardBy(panelKey, by)
    requestAnimationFrame(() => focusCard(panelKey))
  }
  return [
    ...(isAlertsCard ? alertItems() : []),
    { label: 'Copy as text', hint: 'c', isFirst: isAlertsCard, run: () => void copyPanel(panelKey) },
    { label: isFolded(panelKey) ? 'Open' : 'Fold', hint: 'f', run: () => foldCard(panelKey) },
    {
      label: pinnedCards.value.includes(panelKey) ? 'Unpin' : 'Pin',
      hint: 's',
      run: () => pinCard(panelKey),
    },
    { label: 'Move forward', hint: '[', run: () => moving(-1) },
    { label: 'Move back', hint: ']', run: () => moving(1) },
  ]
}

function changedTitle({ changedAtMs, seenToChange }: ShownPanel): string {
  return seenToChange ? `changed ${clockText(changedAtMs)}` : `as of ${clockText(changedAtMs)}`
}

function Remark({ panelKey, shown }: { readonly panelKey: string; readonly shown: ShownPanel }) {
  if (isFolded(panelKey)) {
    return (
      <button type="button" class="button say" onClick={() => foldCard(panelKey)}>
        Show
      </button>
    )
  }
  const text = isAlerts(panelKey, shown) ? alertsRemark() : remarkOf(shown, numberFormat.value)
  const pinned = !query.kiosk && pinnedCards.value.includes(panelKey) ? 'pinned' : ''
  const all = [text, pinned].filter(Boolean).join(' · ')
  return all === '' ? null : <span class="say">{all}</span>
}

type Props = {
  readonly panelKey: string
  readonly place: Place
  /** A wall display has no room for it. */
  readonly isLeftOut: boolean
}

export function Card({ panelKey, place, isLeftOut }: Props) {
  const given = panel(panelKey).value
  const ref = useRef<HTMLElement>(null)
  useLayoutEffect(() => (ref.current === null ? undefined : keepRowSpan(ref.current)), [given === null])
  if (given === null) return null
  const shown = isStale.value ? withdrawn(given) : given
  const moving = drag.value
  const id = `panel-${panelKey}`
  const isAlertsCard = isAlerts(panelKey, shown)
  return (
    <section
      ref={ref}
      id={id}
      class={isLeftOut ? 'card unfit' : 'card'}
      data-panel={panelKey}
      data-tone={isStale.value ? undefined : shown.tone}
      data-dragged={moving?.key === panelKey || undefined}
      data-drop={moving?.over === panelKey || undefined}
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      style={{ gridColumn: `${place.column + 1} / span ${place.span}` }}
    >
      <header onPointerDown={event => query.kiosk || startDrag(event, panelKey)}>
        <h2 id={`${id}-title`} title={changedTitle(shown)}>
          {shown.title}
        </h2>
        <Remark panelKey={panelKey} shown={shown} />
      </header>
      {isFolded(panelKey) ? null : (
        <div class="content">{isAlertsCard ? <AlertsBody panel={shown} /> : <Blocks panel={shown} />}</div>
      )}
      {query.kiosk ? null : (
        // After the content: what it says comes first, then what can be done with it.
        <Menu label={`Actions for ${shown.title}`} items={() => actions(panelKey, isAlertsCard)} />
      )}
    </section>
  )
}
