// The published clients and the chat page's script, each as one ES module without dependencies; `--mode` says which.
// Fails when one outgrows its limit.
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

const MAX_GZIPPED_BYTES = 7 * 1024

const ENTRIES = {
  // `g6-stream/client`, GET /client.js
  client: 'client/index.ts',
  // `g6-stream/chat-client`
  'chat-client': 'client/chat/index.ts',
  // GET /chat/page.js
  'chat-page': 'client/chat/page/page.ts',
  // `g6-stream/resumable-fetch`
  'resumable-fetch': 'client/resumable-fetch/index.ts',
  // `g6-stream/ai-sdk`
  'ai-sdk': 'client/ai-sdk/index.ts',
}

/** Of those that have a limit of their own. */
const OWN_LIMITS = { 'resumable-fetch': 2 * 1024, 'ai-sdk': 12 * 1024 }

const withinSize = limit => ({
  name: 'within-size',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue
      const bytes = gzipSync(file.code, { level: 9 }).length
      this.info(`${file.fileName}: ${bytes} bytes gzipped, at most ${limit}`)
      if (bytes > limit) this.error(`${file.fileName} is ${bytes} bytes gzipped, over ${limit}`)
      if (file.imports.length > 0) this.error(`${file.fileName} imports ${file.imports.join(', ')}`)
    }
  },
})

export default defineConfig(({ mode }) => ({
  logLevel: 'info',
  plugins: [withinSize(OWN_LIMITS[mode] ?? MAX_GZIPPED_BYTES)],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: false,
    copyPublicDir: false,
    lib: { entry: ENTRIES[mode], formats: ['es'], fileName: () => `${mode}.js` },
    rolldownOptions: {
      optimization: { inlineConst: { mode: 'all', pass: 3 } },
      output: { minify: true, comments: { annotation: false } },
    },
  },
}))
