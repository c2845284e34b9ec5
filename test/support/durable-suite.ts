// The published conformance tests of the Durable Streams protocol, as they are; run-durable-suite.mjs runs them.
import { runConformanceTests } from '@durable-streams/server-conformance-tests'

runConformanceTests({ baseUrl: process.env.DURABLE_URL ?? '', longPollTimeoutMs: 1_000 })
