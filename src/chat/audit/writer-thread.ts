// The entry of the thread that writes the audit trail (background.ts starts it).
import { workerData } from 'node:worker_threads'
import { answerCalls } from '../../files/thread-calls.js'
import { createCalls } from './background.js'
import type { WriterOptions } from './writer.js'

answerCalls(createCalls(workerData as WriterOptions))
