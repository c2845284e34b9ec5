// One panel as a card: mark, title, actions, content, and the time of its last change.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { PanelActions } from '../actions/buttons.jsx'
import { AlertsBody } from '../alerts/alerts-card.jsx'
import { panel } from '../model.js'
import { clockText } from '../state/ages.js'
import { pinnedCards } from '../state/arrangement.js'
import type { ShownPanel, Tone } from '../state/panels.js'
import { query } from '../state/query.js'
import { isStale, staleAge } from '../state/staleness.js'
import { foldCard, isFolded, moveCardBy, pinCard } from './arrange.js'
import { Blocks } from './blocks.jsx'
import { drag, startDrag, stepOf } from './drag.js'
import { Icon } from './icons.jsx'
import type { Place } from './placement.js'
import { keepRowSpan } from './row-spans.js'

const TONE_WORDS: Readonly<Record<Tone, string>> = {
  ok: 'ok',
  warn: 'warning',
  error: 'error',
  info: 'to note',
  muted: 'nothing known',
}

function Tools({ panelKey, title }: { readonly panelKey: string; readonly title: string }) {
  const isPinned = pinnedCards.value.includes(panelKey)
  return (
    <div class="tools">
      <PanelActions panelKey={panelKey} />
      <button
        type="button"
        class="icon-button"
        aria-pressed={isPinned}
        aria-label={`Pin ${title}`}
        title={isPinned ? 'Pinned to the front' : 'Pin to the front'}
        onClick={() => pinCard(panelKey)}
      >
        <Icon name="pin" />
      </button>
      <button
        type="button"
        class="icon-button handle"
        aria-label={`Move ${title}`}
        aria-description="Drag it, or move it with the arrow keys"
        title="Move: drag, or arrow keys"
        onPointerDown={event => startDrag(event, panelKey)}
        onKeyDown={event => {
          const by = stepOf(event.key)
          if (by === 0) return
          event.preventDefault()
          moveCardBy(panelKey, by)
          event.currentTarget.focus()
        }}
      >
        <Icon name="grip" />
      </button>
    </div>
  )
}

function ChangedAt({ shown }: { readonly shown: ShownPanel }) {
  const at = clockText(shown.changedAtMs)
  const hint = shown.seenToChange
    ? 'When it last changed, by the clock of this browser'
    : 'It was like this when the page came, by the clock of this browser'
  return (
    <p class="changed-at" title={hint}>
      {shown.seenToChange ? `changed ${at}` : `as of ${at}`}
      {isStale.value ? (
        <span class="stale-mark">
          stale, <span>{staleAge}</span> old
        </span>
      ) : null}
    </p>
  )
}

export function Card({ panelKey, place }: { readonly panelKey: string; readonly place: Place }) {
  const shown = panel(panelKey).value
  const ref = useRef<HTMLElement>(null)
  useLayoutEffect(() => (ref.current === null ? undefined : keepRowSpan(ref.current)), [shown === null])
  if (shown === null) return null
  const folded = isFolded(panelKey)
  const moving = drag.value
  const id = `panel-${panelKey}`
  const { title, tone } = shown
  return (
    <section
      ref={ref}
      id={id}
      class="card"
      data-panel={panelKey}
      data-tone={tone}
      data-stale={isStale.value || undefined}
      data-dragged={moving?.key === panelKey || undefined}
      data-drop={moving?.over === panelKey || undefined}
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      style={{ gridColumn: `${place.column + 1} / span ${place.span}` }}
    >
      <header>
        <h2 id={`${id}-title`}>
          {query.kiosk ? (
            title
          ) : (
            <button type="button" aria-expanded={!folded} onClick={() => foldCard(panelKey)}>
              {title}
            </button>
          )}
        </h2>
        <span class="badge" data-tone={tone}>
          <span class={tone === 'error' || tone === 'warn' ? undefined : 'hidden-text'}>
            {TONE_WORDS[tone]}
          </span>
        </span>
        <ChangedAt shown={shown} />
        {query.kiosk ? null : <Tools panelKey={panelKey} title={title} />}
      </header>
      {folded ? null : (
        <div class="content">
          {panelKey === 'alerts' && shown.facts ? <AlertsBody panel={shown} /> : <Blocks panel={shown} />}
        </div>
      )}
    </section>
  )
}
