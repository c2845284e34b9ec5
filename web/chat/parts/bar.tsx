// The bar: what the page is doing, which conversation it is, who answers.
import { Menu, type MenuItem } from '../../menu/menu.jsx'
import { asMarkdown } from '../conversation/history.js'
import { questionsText, type Tone } from '../conversation/words.js'
import {
  askForToken,
  forgetEverything,
  gate,
  kept,
  newConversation,
  page,
  running,
  spoken,
  token,
  turns,
} from '../state/chat.js'
import { copyText } from '../state/copy.js'
import { service } from '../state/service.js'
import { focusComposerByKeys } from './composer-field.js'
import { Mark } from './mark.jsx'
import { isNarrow } from './narrow.js'

export function pageTone(): Tone {
  if (gate.value?.waits != null) return gate.value.isRefused ? 'error' : 'warn'
  if (running.value === null) return 'ok'
  return running.value.lost.value === null ? 'info' : 'warn'
}

function items(): readonly MenuItem[] {
  const hasTurns = turns.value.length > 0
  const copyAll = (): void =>
    void copyText(asMarkdown(turns.value)).then(done => {
      spoken.value = done ? 'Copied' : 'Not copied'
    })
  return [
    ...(running.value === null
      ? [{ label: token.value === '' ? 'Token' : 'Change the token', run: askForToken }]
      : []),
    ...(hasTurns ? [{ label: 'Copy all', run: copyAll }] : []),
    { label: 'Forget everything', isFirst: true, run: () => void forgetEverything() },
  ]
}

function subtitle(): string {
  if (gate.value?.waits != null) return 'your question waits for a token'
  if (turns.value.length > 0) return questionsText(turns.value.length, kept.value)
  return kept.value === null ? 'not kept: this browser allows no storage' : 'kept in this tab only'
}

function Facts() {
  const { value: now } = running
  const { firstWordMs } = service.value
  return (
    <dl class="facts">
      {page.backend === '' ? null : (
        <div>
          <dt>Answers from</dt>
          <dd>{page.backend}</dd>
        </div>
      )}
      {firstWordMs === null ? null : (
        <div>
          <dt>First word</dt>
          <dd>
            {(firstWordMs / 1000).toFixed(1)}
            <span class="unit"> s</span>
          </dd>
        </div>
      )}
      {now === null ? null : (
        <div>
          <dt>Connection</dt>
          <dd>{now.lost.value === null ? 'live' : 'lost'}</dd>
        </div>
      )}
    </dl>
  )
}

export function Bar() {
  const tone = pageTone()
  const title = turns.value[0]?.question ?? 'New conversation'
  const narrow = isNarrow.value
  return (
    <header class="bar">
      <h1 class="word">
        <Mark tone={tone} isLive={tone === 'info'} />
        Chat
      </h1>
      <div class="why">
        {narrow ? (
          <b dir="auto">{page.backend || title}</b>
        ) : (
          <>
            <b dir="auto">{title}</b>
            <small>{subtitle()}</small>
          </>
        )}
      </div>
      {narrow ? null : <Facts />}
      {turns.value.length === 0 ? null : (
        <button
          type="button"
          class="button new"
          aria-label="New conversation"
          onClick={() => {
            void newConversation()
            focusComposerByKeys()
          }}
        >
          {narrow ? '+' : 'New conversation'}
        </button>
      )}
      <Menu label="More: token, copy all, forget" items={items} />
    </header>
  )
}
