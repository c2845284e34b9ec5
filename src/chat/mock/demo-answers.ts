// What the demo answers: scripted texts, and they say so. Each shows something of the page.

export type DemoAnswer = {
  readonly reasoning: string
  readonly sources: readonly { readonly title: string; readonly url: string }[]
  /** Markdown. */
  readonly text: string
}

const SITE = 'https://commonmark.org/help/'
const EVENTS = 'https://html.spec.whatwg.org/multipage/server-sent-events.html'

const TABLE: DemoAnswer = {
  reasoning:
    'A table and a block of code were asked for. Both are in the script, so nothing has to be made up.',
  sources: [{ title: 'Markdown', url: SITE }],
  text: `This is a **scripted answer**: no model wrote it. It shows how the page draws Markdown.[1]

| What | How it is shown | Bound |
|---|---|--:|
| Table | scrolls by itself | 50 columns |
| List | up to a depth | 16 levels |
| Answer | as it comes | 1 MiB |

\`\`\`sh
# ask the relay of this demo
curl -sN -H 'Content-Type: application/json' \\
  -d '{"query":"hello"}' http://localhost:9329/api/v2/bali-zero/chat-stream
\`\`\`

HTML stays the text it is: <b>not bold</b>. A picture is never loaded, only named.
`,
}

const CONNECTION: DemoAnswer = {
  reasoning: 'The question is about a connection that breaks. The script has an answer for that.',
  sources: [{ title: 'Server-sent events', url: EVENTS }],
  text: `This is a **scripted answer**: no model wrote it.

1. Each event of an answer has a number.[1]
2. The server keeps the events of a running answer, and for a while those of an ended one.
3. When the connection breaks, the page comes back with the last number and gets what it missed.

Try it: reload this page *while this answer comes*. It goes on where it was, and nothing is asked twice.
`,
}

const ANY: DemoAnswer = {
  reasoning: 'This demo has no model. It answers every question with a script, and should say so at once.',
  sources: [
    { title: 'Markdown', url: SITE },
    { title: 'Server-sent events', url: EVENTS },
  ],
  text: `This is a **scripted answer**: no model wrote it, and your question was not read by one.

What you see is real all the same:

- the words come one by one through the relay[2]
- you can **stop** an answer, reload in its middle, or lose the connection
- the text is Markdown from an untrusted source, drawn safely[1]

To get answers of a model, set \`RAG_BACKEND_URL\` to the address of one and start \`g6 serve\`.
`,
}

export const DEMO_EXAMPLES = [
  'What can this page do?',
  'Show me a table and some code',
  'What happens when the connection breaks?',
] as const

export function demoAnswer(question: string): DemoAnswer {
  if (/table|code|markdown/i.test(question)) return TABLE
  return /connection|break|reload|resume/i.test(question) ? CONNECTION : ANY
}
