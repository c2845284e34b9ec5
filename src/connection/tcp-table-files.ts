// Reads the tables of TCP connections of Linux, in pieces, so that a machine with many connections holds nothing up.
import { type FileHandle, open } from 'node:fs/promises'
import { addWaiting, WaitingBytes } from './tcp-table.js'

const FILES = ['/proc/net/tcp', '/proc/net/tcp6']
/** About 200 000 connections; what is beyond is not looked at. */
const MAX_FILE_BYTES = 32 * 1024 * 1024
const PIECE_BYTES = 64 * 1024

export type TcpTable = {
  /** Null: this system has no such table. */
  read(): Promise<WaitingBytes | null>
}

/** Null on another system, or where IPv6 is off. */
async function opened(path: string): Promise<FileHandle | null> {
  try {
    return await open(path)
  } catch {
    return null
  }
}

async function addFile(waiting: WaitingBytes, file: FileHandle): Promise<void> {
  const piece = Buffer.alloc(PIECE_BYTES)
  let rest = ''
  for (let total = 0; total < MAX_FILE_BYTES; ) {
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null)
    if (bytesRead === 0) return
    total += bytesRead
    const lines = `${rest}${piece.toString('latin1', 0, bytesRead)}`.split('\n')
    rest = lines.pop() ?? ''
    addWaiting(waiting, lines)
  }
}

export function tcpTable(files: readonly string[] = FILES): TcpTable {
  return {
    read: async () => {
      const waiting = new WaitingBytes()
      let found = 0
      for (const path of files) {
        const file = await opened(path)
        if (file === null) continue
        found++
        // What cannot be read tells nothing; the next look tries again.
        await addFile(waiting, file).catch(() => {})
        await file.close()
      }
      return found === 0 ? null : waiting
    },
  }
}
