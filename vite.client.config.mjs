// The published client as one ES module without dependencies: dist/client.js, for `g6-stream/client` and GET /client.js.
// Fails when it outgrows its limit.
import { gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

const MAX_GZIPPED_BYTES = 6000

const withinSize = {
  name: 'within-size',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue
      const bytes = gzipSync(file.code, { level: 9 }).length
      this.info(`${file.fileName}: ${bytes} bytes gzipped, at most ${MAX_GZIPPED_BYTES}`)
      if (bytes > MAX_GZIPPED_BYTES)
        this.error(`${file.fileName} is ${bytes} bytes gzipped, over ${MAX_GZIPPED_BYTES}`)
      if (file.imports.length > 0) this.error(`${file.fileName} imports ${file.imports.join(', ')}`)
    }
  },
}

export default defineConfig({
  logLevel: 'info',
  plugins: [withinSize],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: false,
    copyPublicDir: false,
    lib: { entry: 'client/index.ts', formats: ['es'], fileName: () => 'client.js' },
    rolldownOptions: { output: { minify: true } },
  },
})
