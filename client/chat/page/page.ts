// The demo page: asks, shows the answer as it comes, stops it, and resumes it after a reload.
import { type ChatError, type ChatStream, createChatClient, type StreamOptions } from '../index.js'
import { historyOf, loadTurns, saveTurns, type Turn } from './turns.js'
import { type AnswerView, createView } from './view.js'

const view = createView()
const prefix = document.querySelector<HTMLMetaElement>('meta[name="g6-chat-prefix"]')?.content ?? ''
/** The server's address: a proxy may serve it below a path. Names in the storage have that path. */
const base = new URL('.', document.baseURI)
const names = `g6-chat${base.pathname.slice(0, -1)}-`
const TOKEN_KEY = `${names}token`
const TURNS_KEY = `${names}turns`
let turns = loadTurns(sessionStorage, TURNS_KEY)
let running: ChatStream | null = null

const client = createChatClient({
  baseUrl: base.href,
  prefix,
  headers: () => (view.token.value === '' ? {} : { Authorization: `Bearer ${view.token.value}` }),
})

function keep(index: number, change: Partial<Turn>): void {
  turns = turns.map((turn, i) => (i === index ? { ...turn, ...change } : turn))
  saveTurns(sessionStorage, TURNS_KEY, turns)
}

function faultText({ message, retryAfterSec }: ChatError): string {
  return retryAfterSec === undefined ? message : `${message} Try again in ${retryAfterSec} s.`
}

const ABORTED: Readonly<Record<string, string>> = {
  client_stop: 'Stopped.',
  shutdown: 'The server is stopping; ask again.',
}

/** Shows an answer as it comes; `follow` starts it. */
function show(index: number, answer: AnswerView, follow: (options: StreamOptions) => ChatStream): void {
  const over = (said: string): void => {
    running = null
    view.setBusy(false)
    view.say(said)
  }
  view.setBusy(true)
  view.say('Waiting for the answer.')
  running = follow({
    onConnect: ({ streamId, resumed }) => {
      keep(index, { streamId })
      if (resumed) view.say('The answer continues.')
    },
    onReconnect: () => view.say('The connection was lost; reconnecting.'),
    onToken: text => {
      if (running?.text === text) view.say('The answer is coming.')
      answer.add(text)
    },
    onSources: sources => answer.showSources(sources),
    onComplete: ({ type, reason, text }) => {
      keep(index, { answer: text })
      const note =
        type === 'done' ? (reason === 'length' ? 'The answer was cut at its maximum length.' : null) : null
      const aborted = type === 'aborted' ? (ABORTED[reason] ?? `The answer was ended (${reason}).`) : null
      answer.end(note ?? aborted)
      over(aborted ?? 'The answer is complete.')
    },
    onError: error => {
      keep(index, { answer: running?.text ?? '' })
      answer.end(faultText(error), true)
      over(`The answer failed: ${faultText(error)}`)
    },
  })
}

function ask(question: string): void {
  const history = historyOf(turns)
  const index = turns.length
  turns = [...turns, { question, streamId: null, answer: null }]
  saveTurns(sessionStorage, TURNS_KEY, turns)
  const answer = view.addTurn(question)
  const whole =
    history.length === 0 ? { query: question } : { query: question, conversation_history: history }
  show(index, answer, options => client.stream(whole, options))
}

/** Shows the turns from before a reload, and resumes an answer that had not ended. */
function restore(): void {
  view.token.value = sessionStorage.getItem(TOKEN_KEY) ?? ''
  for (const [index, { question, answer, streamId }] of turns.entries()) {
    const shown = view.addTurn(question)
    if (answer !== null) {
      shown.add(answer)
      shown.end(null)
    } else if (streamId !== null && index === turns.length - 1) {
      show(index, shown, options => client.resume(streamId, options))
    } else {
      keep(index, { answer: '' })
      shown.end('This answer was interrupted.', true)
    }
  }
}

view.form.addEventListener('submit', event => {
  event.preventDefault()
  const question = view.question.value.trim()
  if (question === '' || running !== null) return
  view.question.value = ''
  ask(question)
})
view.question.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  view.form.requestSubmit()
})
view.stop.addEventListener('click', () => {
  void running?.stop()
  view.question.focus()
})
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') void running?.stop()
})
view.token.addEventListener('change', () => sessionStorage.setItem(TOKEN_KEY, view.token.value))

restore()
view.question.focus()
