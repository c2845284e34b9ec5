// Where the server is: a proxy may serve it below a path, so every address is relative to the document.

const document = globalThis.document?.baseURI ?? 'http://localhost/'

/** The address of this server, with the slash at its end. */
export const base: string = new URL('.', document).href

/** Names in the browser's storage begin so: two servers below one origin must not read each other's. Empty at `/`. */
export const storagePath: string = new URL(base).pathname.replace(/^\/$/, '')

/** `summary/health` → the address of it. */
export const addressOf = (path: string): string => new URL(path, base).href
