// What `npm run build` makes besides the program: the page and the scripts for browsers.

/** The folder of built files, relative to the built program and to the sources. */
const FOLDERS = ['../../', '../../dist/'].map(path => new URL(path, import.meta.url))

/** What `read` finds in the first folder that has it; null when it is not built. */
export function readBuilt<T>(read: (folder: URL) => T, folders: readonly URL[] = FOLDERS): T | null {
  for (const folder of folders) {
    try {
      return read(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return null
}
