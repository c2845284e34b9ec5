// A chat as an app of the AI SDK has it: the hook with its own transport, which knows nothing of this server. Two things are the app's:
// the messages that it stored come with the document, and stop tells the server too.
import { useChat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

type Stored = { readonly id: string; readonly messages: UIMessage[] }

const textOf = ({ parts }: UIMessage): string =>
  parts.map(part => (part.type === 'text' ? part.text : '')).join('')

function Chat({ id, messages: stored }: Stored) {
  const { messages, sendMessage, status, stop } = useChat({ id, messages: stored, resume: true })
  const ask = (form: FormData): void => void sendMessage({ text: String(form.get('question')) })
  const stopBoth = async (): Promise<void> => {
    await stop()
    await fetch(`/api/chat/${id}/stream`, { method: 'DELETE' })
  }
  return (
    <main>
      {messages.map(message => (
        <article key={message.id} id={message.id} data-role={message.role}>
          {textOf(message)}
        </article>
      ))}
      <p role="status">{status}</p>
      <form action={ask}>
        <input name="question" aria-label="Question" />
      </form>
      <button type="button" onClick={() => void stopBoth()}>
        Stop
      </button>
    </main>
  )
}

const stored = JSON.parse(document.querySelector('#stored')?.textContent ?? '') as Stored
const root = document.querySelector('#page')
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Chat {...stored} />
    </StrictMode>,
  )
