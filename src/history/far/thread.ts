// The entry of the thread that keeps far history (calls.ts starts it).
import { workerData } from 'node:worker_threads'
import { answerCalls } from '../../files/thread-calls.js'
import { farCalls } from './calls.js'
import type { FarLimits } from './messages.js'

answerCalls(farCalls(workerData as FarLimits))
