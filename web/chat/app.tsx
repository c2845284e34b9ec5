// The page: bar, conversation, composer.
import { useEffect } from 'preact/hooks'
import { Bar, pageTone } from './parts/bar.jsx'
import { Card } from './parts/card.jsx'
import { Composer } from './parts/composer.jsx'
import { Gate } from './parts/gate.jsx'
import { SIGNS } from './parts/mark.jsx'
import { Start } from './parts/start.jsx'
import { gate, running, spoken, turns } from './state/chat.js'

function title(): string {
  const sign = SIGNS[pageTone()]
  if (gate.value?.waits != null)
    return `${sign} ${gate.value.isRefused ? 'Token not accepted' : 'Token needed'} – Chat`
  return running.value === null ? `${sign} Chat – G6` : `${sign} Answering – Chat`
}

function Conversation() {
  if (turns.value.length === 0) return <Start />
  return (
    <div class="log" role="log" aria-label="Conversation" aria-live="off">
      {turns.value.map(turn => (
        <Card key={turn.id} turn={turn} />
      ))}
    </div>
  )
}

export function App() {
  const text = title()
  useEffect(() => {
    document.title = text
  }, [text])
  const isGated = gate.value !== null
  return (
    <>
      <Bar />
      <main>{isGated ? <Gate /> : <Conversation />}</main>
      {isGated ? null : <Composer />}
      <p class="hidden-text" role="status">
        {spoken.value}
      </p>
    </>
  )
}
