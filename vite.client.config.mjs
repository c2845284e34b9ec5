// The published clients and the chat page (web/chat/), each as one ES module without dependencies, the page with its style;
// `--mode` says which. Fails when one outgrows its limit.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

// What is built is what is served, whatever this says where it is built; with another word the page would carry development code.
process.env.NODE_ENV = 'production'

const MAX_GZIPPED_BYTES = 7 * 1024
/** Script and style together, most of it the Markdown parser. */
const MAX_PAGE_GZIPPED_BYTES = 48 * 1024

const ENTRIES = {
  // `g6-stream/client`, GET /client.js
  client: 'client/index.ts',
  // `g6-stream/chat-client`
  'chat-client': 'client/chat/index.ts',
  // GET /chat/page.js, /chat/page.css
  'chat-page': 'web/chat/main.tsx',
  // `g6-stream/resumable-fetch`
  'resumable-fetch': 'client/resumable-fetch/index.ts',
  // `g6-stream/ai-sdk`
  'ai-sdk': 'client/ai-sdk/index.ts',
}

/** Of those that have a limit of their own. */
const OWN_LIMITS = {
  'chat-page': MAX_PAGE_GZIPPED_BYTES,
  'resumable-fetch': 2 * 1024,
  'ai-sdk': 12 * 1024,
}

/** Packages of the Markdown parser that the page does without: half of its size. */
const LEFT_OUT = /^(entities|linkify-it|mdurl|punycode\.js|uc\.micro)$/
const PARSER_PARTS = fileURLToPath(new URL('web/chat/markdown/parser-parts.ts', import.meta.url))

const withinSize = most => ({
  name: 'within-size',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      let total = 0
      for (const file of Object.values(bundle)) {
        const bytes = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
        this.info(`${file.fileName}: ${bytes} bytes gzipped`)
        total += bytes
        if (file.type === 'chunk' && file.imports.length > 0)
          this.error(`${file.fileName} imports ${file.imports.join(', ')}`)
      }
      this.info(`together ${total} bytes gzipped, at most ${most}`)
      if (total > most) this.error(`${total} bytes gzipped, over ${most}`)
    },
  },
})

export default defineConfig(({ mode }) => ({
  logLevel: 'info',
  plugins: [withinSize(OWN_LIMITS[mode] ?? MAX_GZIPPED_BYTES)],
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { alias: [{ find: LEFT_OUT, replacement: PARSER_PARTS }] },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: false,
    copyPublicDir: false,
    lib: { entry: ENTRIES[mode], formats: ['es'], fileName: () => `${mode}.js`, cssFileName: mode },
    rolldownOptions: {
      optimization: { inlineConst: { mode: 'all', pass: 3 } },
      output: { minify: true, comments: { annotation: false } },
    },
  },
}))
