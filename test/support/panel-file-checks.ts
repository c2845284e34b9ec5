// The checks that consumers of panel files run, as their Python program, unchanged.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const SCRIPT = 'test/support/check_panel_files.py'

/** File → what is wrong with it; empty when every check passes. */
export async function panelFileProblems(folder: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await promisify(execFile)('python3', [SCRIPT, folder])
  return JSON.parse(stdout) as Record<string, string>
}
