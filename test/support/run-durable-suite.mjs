// Runs the tests of durable-suite.ts whose names match argv[2], in a runner of their own: the suite has no choice of tests.
// Prints { passed, failed } as JSON, the names of the tests.
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

const outcome = { passed: [], failed: [] }
const vitest = await startVitest('test', [], {
  watch: false,
  config: false,
  root: fileURLToPath(new URL('.', import.meta.url)),
  include: ['durable-suite.ts'],
  testNamePattern: process.argv[2],
  testTimeout: 30_000,
  maxWorkers: 1,
  reporters: [
    {
      onTestCaseResult(test) {
        const { state, errors } = test.result()
        if (state === 'passed') outcome.passed.push(test.fullName)
        if (state === 'failed') outcome.failed.push(`${test.fullName}: ${errors[0]?.message}`)
      },
    },
  ],
})
await vitest.close()
process.exitCode = 0
process.stdout.write(JSON.stringify(outcome))
