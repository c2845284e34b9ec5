// The tab's end of the feed: in a shared worker where the browser has one and it answers, else in the tab itself.
import type { ClientBoard } from '../../client/index.js'
import { type Asked, boardWith, type News } from './messages.js'
import feedUrl from './serve.ts?worker&url'

/** So many questions without an answer, one a second: the worker could not start, or has ended. */
const LOST_AFTER = 10

type Question = Omit<Asked, 'ready'>

export type Link = {
  /** The newest whole board; null before the first. */
  readonly board: ClientBoard | null
  ask(question: Question): void
  /** The last board was shown: the next one may come. */
  shown(): void
}

type Policy = { createScriptURL(url: string): string }
type Policies = { createPolicy(name: string, rules: Policy): Policy }

/** The server's policy lets workers come only from addresses that a named policy of the page gives; this is the only one. */
function trustedUrl(): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: Policies }
  return (
    trustedTypes?.createPolicy('g6-feed', { createScriptURL: () => feedUrl }).createScriptURL('') ?? feedUrl
  )
}

function inThisTab(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  void import(/* @vite-ignore */ feedUrl).then(() =>
    dispatchEvent(new MessageEvent('connect', { ports: [port2] })),
  )
  return port1
}

/** Null where there are no shared workers, or a policy that a proxy has added forbids them. */
function inWorker(onFault: () => void): MessagePort | null {
  try {
    const worker = new SharedWorker(trustedUrl(), { type: 'module', name: 'g6-feed' })
    worker.onerror = onFault
    return worker.port
  } catch {
    return null
  }
}

export function openLink(onNews: (news: News) => void): Link {
  let board: ClientBoard | null = null
  let ready = true
  let unanswered = 0
  let asked: Question | null = null
  const shared = inWorker(leave)
  let isShared = shared !== null
  let port = shared ?? inThisTab()
  listen()

  function listen(): void {
    port.onmessage = ({ data }: MessageEvent<News>) => {
      unanswered = 0
      if (data.board !== null) {
        board = boardWith(board, data.board)
        ready = false
      }
      onNews(data)
    }
  }

  /** From now on this tab has a stream of its own. */
  function leave(): void {
    if (!isShared) return
    isShared = false
    port.close()
    port = inThisTab()
    listen()
    if (asked !== null) ask(asked)
  }

  function ask(question: Question): void {
    asked = question
    unanswered++
    if (isShared && unanswered > LOST_AFTER) leave()
    else port.postMessage({ ...question, ready } satisfies Asked)
  }

  return {
    get board() {
      return board
    },
    ask,
    shown() {
      if (ready || asked === null) return
      ready = true
      ask({ ...asked, keepMs: 0, again: false })
    },
  }
}
