// The version is in several files: they must agree, and the changelog must begin with it.

export type VersionFiles = {
  /** `package.json`, `package-lock.json`, `clients/python/pyproject.toml`, `CHANGELOG.md`, as texts. */
  readonly packageFile: string
  readonly lockFile: string
  readonly pythonProject: string
  readonly changelog: string
}

/** The version in each file; null: none found. */
export function versionsIn(
  files: VersionFiles,
): readonly (readonly [where: string, version: string | null])[] {
  return [
    ['package.json', /^ {2}"version": "([^"]+)"/m.exec(files.packageFile)?.[1] ?? null],
    ['package-lock.json', /^ {2}"version": "([^"]+)"/m.exec(files.lockFile)?.[1] ?? null],
    ['package-lock.json, root', /^ {4}"": \{[^}]*?"version": "([^"]+)"/m.exec(files.lockFile)?.[1] ?? null],
    ['clients/python/pyproject.toml', /^version = "([^"]+)"/m.exec(files.pythonProject)?.[1] ?? null],
    ['first heading of CHANGELOG.md', /^## \[?([^\]\s]+)/m.exec(files.changelog)?.[1] ?? null],
  ]
}

/** A sentence for each file whose version is not that of the program. */
export function versionDifferences(files: VersionFiles, version: string): readonly string[] {
  return versionsIn(files)
    .filter(([, found]) => found !== version)
    .map(([where, found]) => `${where} says ${found ?? 'nothing'}, the program has ${version}`)
}
