// Histogram bounds, in the unit of the metric's name. Each set covers what the documents promise, no finer than needed.

/** 64 B … 1 MiB in powers of 4. */
export const EVENT_SIZE_BYTES = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576] as const

/** 0.1 ms … 1 s: from a board to the wire. */
export const FANOUT_SEC = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const

/** 1 s … 1 day: how long a stream lives. */
export const CONNECTION_SEC = [1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400] as const

/** 10 µs … 100 ms: work inside one cycle. 80 ms is a bound because an alert asks for it. */
export const WORK_SEC = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.08, 0.1,
] as const

/** 0.1 ms … 10 s: a whole cycle, files and slow outputs included. */
export const CYCLE_SEC = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const

/** 0.1 s … 60 s: waiting before a reconnect. */
export const BACKOFF_SEC = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60] as const

/** 10 ms … 60 s: until a model's first token. */
export const FIRST_TOKEN_SEC = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60] as const

/** 0.5 ms … 60 s: between two tokens. */
export const INTER_TOKEN_SEC = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60,
] as const

/** 0.1 s … 15 min: a whole answer. */
export const ANSWER_SEC = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900] as const

/** 0.1 ms … 5 s: an answer of Redis, which counts as gone after 3 s. */
export const ENGINE_SEC = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.15, 0.5, 1, 3, 5,
] as const
