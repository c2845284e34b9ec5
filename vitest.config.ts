import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// unit: next to the files, one room each. whole: what needs more than one room (real sockets, files, processes).
// deploy: what is shipped in deploy/, with the programs it is for (nginx, Caddy, HAProxy, Apache, promtool, systemd-analyze); `npm test` leaves
// it out, .ci/run installs them and runs it (`npm run test:deploy`).
/** Whole tests that count what their process uses, or load something anew: each file has a process of its own. */
const ALONE = ['test/faults/**/*.test.ts', 'test/terminal/**/*.test.ts', 'test/attack/tokens.test.ts']
const DEPLOY = ['test/deploy/**/*.test.ts']

/** One file more than there are processors: whole tests wait for sockets, processes and pages half of their time. */
const WAITING = { maxWorkers: availableParallelism() + 1, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    // Limits are for a fault, not for a slow machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a page comes to show is waited for; one second, as it is by itself, a busy machine may be late.
    expect: { poll: { timeout: 30_000 } },
    retry: 0,
    // Left alone vitest keeps one of the processors for itself.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,client,bench,tools,examples,web}/**/*.test.ts'],
          // Files of one worker share their modules: half the processor time. A test must not depend on a module's first load.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ALONE,
          ...WAITING,
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...DEPLOY],
          // As unit tests: loading the server's modules takes seconds for each file.
          isolate: false,
          ...WAITING,
        },
      },
      {
        extends: true,
        test: { name: 'deploy', include: DEPLOY },
      },
    ],
  },
})
