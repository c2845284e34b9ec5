// The types of what the package exports, dist/types/: a file for each entry and what they share. The types of zod are in them, since it
// is not installed with this package; Node's are left outside, and those of the AI SDK, whose users have it.
import { defineConfig } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

/** A comment of zod that is for the line below it, and is printed on the same one. */
const ignoresTheNextLine = {
  name: 'ignores-the-next-line',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle))
      chunk.code = chunk.code.replaceAll(/\/\*\* @ts-ignore .*?\*\//g, '$&\n')
  },
}

export default defineConfig({
  // That the plugin takes 3 s is known.
  checks: { bundlerTimings: false },
  input: {
    index: 'dist/src/index.d.ts',
    client: 'dist/client/index.d.ts',
    'chat-client': 'dist/client/chat/index.d.ts',
    'resumable-fetch': 'dist/client/resumable-fetch/index.d.ts',
    'ai-sdk': 'dist/client/ai-sdk/index.d.ts',
  },
  external: /^(?!zod(\/|$)|[./])/,
  plugins: [dts({ dtsInput: true, resolve: ['zod'], tsconfig: false }), ignoresTheNextLine],
  output: { dir: 'dist/types', cleanDir: true },
})
