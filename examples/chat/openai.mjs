// An answer by OpenAI's SDK that survives lost connections. Offline: `g6 mock-upstream`, then G6_RELAY_UPSTREAM=http://127.0.0.1:8000 g6 serve
import { resumableFetch } from 'g6-stream/resumable-fetch'
import OpenAI from 'openai'

const [question = 'what is a KITAS?', baseURL = 'http://127.0.0.1:9329/v1'] = process.argv.slice(2)
const onStream = id => process.stderr.write(`answer ${id}: after a reload, resumableFetch.resume(id)\n`)
const apiKey = process.env.OPENAI_API_KEY ?? 'none'
const openai = new OpenAI({ baseURL, apiKey, fetch: resumableFetch({ onStream }) })

const stream = await openai.chat.completions.create({
  model: process.env.MODEL ?? 'mock-1',
  messages: [{ role: 'user', content: question }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
