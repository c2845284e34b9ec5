// A page that asks with the SDK of OpenAI over resumableFetch. It keeps the id of its answer, and shows that again after a reload.
import OpenAI from 'openai'
import { resumableFetch } from '../../../client/resumable-fetch/index.js'

const page = document.querySelector('#page') ?? document.body
const KEPT = 'stream'
const baseURL = `${location.origin}/v1`
let abort = new AbortController()

async function show(fetch: typeof globalThis.fetch): Promise<void> {
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0, dangerouslyAllowBrowser: true, fetch })
  page.textContent = ''
  page.setAttribute('data-end', 'open')
  try {
    const asked = { model: 'm', stream: true, messages: [{ role: 'user', content: 'q' }] } as const
    const stream = await client.chat.completions.create(
      { ...asked, messages: [...asked.messages] },
      { signal: abort.signal },
    )
    for await (const { choices } of stream) page.append(choices[0]?.delta.content ?? '')
    page.setAttribute('data-end', abort.signal.aborted ? 'aborted' : 'whole')
  } catch (error) {
    page.setAttribute('data-end', String(error))
  }
}

const options = { retryDelayMs: 1, maxAttempts: 100 }
const ask = (): void => {
  abort = new AbortController()
  void show(resumableFetch({ ...options, onStream: id => sessionStorage.setItem(KEPT, id) }))
}
Object.assign(globalThis, { ask, halt: () => abort.abort() })

const kept = sessionStorage.getItem(KEPT)
if (kept !== null) void show(() => resumableFetch.resume(kept, { ...options, baseUrl: baseURL }))
