// The page's elements. Text is inserted as text only; links are http or https only.
import type { ChatSource } from '../index.js'

/** The element with that id; the served page has all of them. */
function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

function isWeb(url: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(url).protocol)
  } catch {
    return false
  }
}

function sourceItem({ title, source, url, snippet }: ChatSource): HTMLLIElement {
  const item = element('li', 'source')
  const name = title ?? source ?? url ?? 'unnamed source'
  if (url !== undefined && isWeb(url)) {
    const link = element('a', '', name)
    link.href = url
    link.rel = 'noopener noreferrer'
    link.target = '_blank'
    item.append(link)
  } else item.append(name)
  if (snippet !== undefined) item.append(element('p', 'snippet', snippet))
  return item
}

export type AnswerView = {
  add(text: string): void
  showSources(sources: readonly ChatSource[]): void
  /** It has ended; `note` says how, unless it is simply complete. */
  end(note: string | null, isFault?: boolean): void
}

export type View = {
  readonly form: HTMLFormElement
  readonly question: HTMLTextAreaElement
  readonly token: HTMLInputElement
  readonly stop: HTMLButtonElement
  /** Adds a question and a place for its answer to the conversation. */
  addTurn(question: string): AnswerView
  /** Shown, and announced by screen readers. */
  say(text: string): void
  setBusy(isBusy: boolean): void
}

export function createView(): View {
  const conversation = part('conversation', HTMLElement)
  const status = part('status', HTMLElement)
  const form = part('ask', HTMLFormElement)
  const send = part('send', HTMLButtonElement)
  const stop = part('stop', HTMLButtonElement)

  /** Keeps the end in view, unless the person has scrolled up. */
  function keepInSight(change: () => void): void {
    const page = document.documentElement
    const wasAtEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 80
    change()
    if (wasAtEnd) page.scrollTop = page.scrollHeight
  }

  return {
    form,
    question: part('question', HTMLTextAreaElement),
    token: part('token', HTMLInputElement),
    stop,
    addTurn: question => {
      const turn = element('article', 'turn')
      turn.setAttribute('aria-label', 'Question and answer')
      const answer = element('div', 'answer')
      // Screen readers announce it when it is complete, not word by word.
      answer.setAttribute('aria-busy', 'true')
      const text = document.createTextNode('')
      answer.append(text)
      turn.append(element('h2', 'question', question), answer)
      keepInSight(() => conversation.append(turn))
      return {
        add: more => keepInSight(() => text.appendData(more)),
        showSources: sources => {
          const list = element('ul', 'sources')
          list.setAttribute('aria-label', 'Sources')
          list.append(...sources.map(sourceItem))
          turn.querySelector('.sources')?.remove()
          keepInSight(() => turn.append(list))
        },
        end: (note, isFault = false) => {
          answer.setAttribute('aria-busy', 'false')
          if (note !== null) keepInSight(() => turn.append(element('p', isFault ? 'fault' : 'note', note)))
        },
      }
    },
    say: text => {
      status.textContent = text
    },
    setBusy: isBusy => {
      send.disabled = isBusy
      stop.disabled = !isBusy
      form.setAttribute('aria-busy', String(isBusy))
    },
  }
}
